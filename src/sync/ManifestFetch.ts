/** Reading manifests: from the store's bytes to a manifest one may believe, or to why not. */

import { Chunk, Effect, Stream } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import { ENVELOPE_OVERHEAD, manifestContext, open } from "../format/Envelope.ts"
import { decode, type Manifest, MAX_MANIFEST_PLAINTEXT } from "../format/Manifest.ts"
import type { ObjectInfo } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { archivedDetail } from "./Archived.ts"
import { MANIFESTS, type ManifestName, manifestName, parseManifestName } from "./ObjectNames.ts"
import { assertEpochCurrent } from "./VaultDescriptorFetch.ts"
import { VaultSession } from "./VaultSession.ts"

/** Sealed manifests are bounded like their plaintext, with room for the envelope. */
const MAX_MANIFEST_OBJECT = MAX_MANIFEST_PLAINTEXT + ENVELOPE_OVERHEAD

export type FetchedManifest =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Unreadable"; readonly etag: string; readonly detail: string; readonly newer: boolean }
  | { readonly _tag: "Archived"; readonly detail: string; readonly error: StoreError }
  | { readonly _tag: "Found"; readonly etag: string; readonly manifest: Manifest }

export interface ListedManifest extends ManifestName {
  readonly info: ObjectInfo
}

/** All manifests of the vault: one LIST for up to 1,000 devices. Foreign files are passed over. */
export const listManifests = Effect.gen(function* () {
  const { store } = yield* VaultSession
  const listed = yield* Stream.runCollect(store.list(MANIFESTS))
  return Chunk.toReadonlyArray(listed).flatMap((info): ReadonlyArray<ListedManifest> => {
    const name = parseManifestName(info.name)
    return name === null ? [] : [{ ...name, info }]
  })
})

/** Our own, or any device's, manifest by its regular name: one GET. */
export const fetchManifestOf = (device: DeviceId) => fetchManifest(manifestName(device), device)

/** Fetches, authenticates and decodes one manifest. Fails only where the store fails, or where the vault's key was rotated. */
export const fetchManifest = Effect.fn("Manifest.fetch")(function* (name: string, device: DeviceId) {
  const { keyring, store } = yield* VaultSession
  const got = yield* store.get(name, MAX_MANIFEST_OBJECT).pipe(
    Effect.map((object) => ({ _tag: "Got" as const, object })),
    Effect.catchTag("StoreError", (error) => {
      if (error.reason === "Absent") return Effect.succeed<FetchedManifest>({ _tag: "Absent" })
      if (error.reason === "Archived")
        return Effect.succeed<FetchedManifest>({ _tag: "Archived", detail: archivedDetail(error.archive), error })
      if (error.reason === "TooLarge") return Effect.succeed(unreadable("", error.message))
      return Effect.fail(error)
    })
  )
  if (got._tag !== "Got") return got
  const { bytes, etag } = got.object
  return yield* open(bytes, manifestContext(device), keyring, { maxPlaintext: MAX_MANIFEST_PLAINTEXT }).pipe(
    Effect.flatMap((plaintext) => decode(plaintext, device)),
    Effect.map((manifest): FetchedManifest => ({ _tag: "Found", etag, manifest })),
    Effect.catchTags({
      EnvelopeError: (error) =>
        error.reason === "UnknownEpoch"
          ? Effect.as(assertEpochCurrent, unreadable(etag, error.message))
          : Effect.succeed(unreadable(etag, error.detail, error.reason === "NewerFormat")),
      ManifestError: (error) => Effect.succeed(unreadable(etag, error.detail, error.reason === "NewerFormat"))
    })
  )
})

const unreadable = (etag: string, detail: string, newer = false): FetchedManifest => ({
  _tag: "Unreadable",
  etag,
  detail,
  newer
})
