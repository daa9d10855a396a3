/** Reading manifests: from the store's bytes to a manifest one may believe, or to why not. */

import { Chunk, Effect, Stream } from "effect"
import { createHash } from "node:crypto"
import type { DeviceId } from "../domain/Device.ts"
import { ENVELOPE_OVERHEAD, inspect, manifestContext, open } from "../format/Envelope.ts"
import { decode, type Manifest, ManifestError, MAX_MANIFEST_PLAINTEXT } from "../format/Manifest.ts"
import type { ObjectInfo } from "../store/ObjectStore.ts"
import { StoreError } from "../store/StoreError.ts"
import { archivedDetail } from "./Archived.ts"
import { MANIFESTS, type ManifestName, manifestName, parseManifestName } from "./ObjectNames.ts"
import { assertEpochCurrent, isAccepted } from "./VaultDescriptorFetch.ts"
import { VaultSession } from "./VaultSession.ts"

/** Sealed manifests are bounded like their plaintext, with room for the envelope. */
const MAX_MANIFEST_OBJECT = MAX_MANIFEST_PLAINTEXT + ENVELOPE_OVERHEAD

export type FetchedManifest =
  | { readonly _tag: "Absent" }
  | {
      readonly _tag: "Unreadable"
      readonly etag: string
      readonly detail: string
      readonly newer: boolean
      /** It opens, but under a key that is over, and is none of those that were accepted when that key ended: anybody with the old key can make it. */
      readonly outdated?: Manifest
    }
  | { readonly _tag: "Archived"; readonly detail: string; readonly error: StoreError }
  | {
      readonly _tag: "Found"
      readonly etag: string
      readonly manifest: Manifest
      /** Of the sealed object, hex. */
      readonly sha256: string
    }

export interface ListedManifest extends ManifestName {
  readonly info: ObjectInfo
}

/** All manifests of the vault: one LIST for up to 1,000 devices. Foreign files are passed over. */
export const listManifests = Effect.gen(function* () {
  const { store } = yield* VaultSession
  const listed = yield* store.list(MANIFESTS).pipe(Stream.take(MOST_LISTED + 1), Stream.runCollect)
  if (listed.length > MOST_LISTED) {
    const detail = `more than ${MOST_LISTED} objects where manifests belong: its list does not end`
    return yield* new StoreError({ reason: "NotAStore", operation: "list", subject: store.display, detail })
  }
  return Chunk.toReadonlyArray(listed).flatMap((info): ReadonlyArray<ListedManifest> => {
    const name = parseManifestName(info.name)
    return name === null ? [] : [{ ...name, info }]
  })
})

/** Twice as many objects as a vault may have devices (Manifest.ts): conflict copies and others' files are among them. */
const MOST_LISTED = 20_000

/** Our own, or any device's, manifest by its regular name: one GET. */
export const fetchManifestOf = (device: DeviceId) => fetchManifest(manifestName(device), device)

/** Fetches, authenticates and decodes one manifest. Fails only where the store fails, or where the vault's key was rotated. */
export const fetchManifest = Effect.fn("Manifest.fetch")(function* (name: string, device: DeviceId) {
  const { store } = yield* VaultSession
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
  return yield* openManifest(bytes, device).pipe(
    Effect.flatMap((manifest) => judgeEpoch(manifest, bytes, etag)),
    Effect.catchTags({
      EnvelopeError: (error) =>
        error.reason === "UnknownEpoch" || error.reason === "WrongKey"
          ? Effect.map(assertEpochCurrent, (more) =>
              unreadable(etag, more === null ? error.detail : `${error.detail}; ${more}`)
            )
          : Effect.succeed(unreadable(etag, error.detail, error.reason === "NewerFormat")),
      ManifestError: (error) => Effect.succeed(unreadable(etag, error.detail, error.reason === "NewerFormat"))
    })
  )
})

const openManifest = Effect.fnUntraced(function* (bytes: Uint8Array, device: DeviceId) {
  const { keyring } = yield* VaultSession
  const context = manifestContext(device)
  const plaintext = yield* open(bytes, context, keyring, { maxPlaintext: MAX_MANIFEST_PLAINTEXT })
  const manifest = yield* decode(plaintext, device)
  const { epoch } = yield* inspect(bytes, context)
  if (manifest.epoch === epoch) return manifest
  const detail = `it says that it is sealed under key number ${manifest.epoch}, and is under ${epoch}`
  return yield* new ManifestError({ reason: "Malformed", device, detail })
})

/** What is sealed under the newest key is believed as far as that goes; under one that is over, only what was accepted when it ended. */
const judgeEpoch = Effect.fnUntraced(function* (manifest: Manifest, bytes: Uint8Array, etag: string) {
  const { keyring } = yield* VaultSession
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  const { device, epoch, sequence } = manifest
  if (epoch === keyring.epoch || (yield* isAccepted({ device, epoch, sequence, sha256 }))) {
    return { _tag: "Found", etag, manifest, sha256 } satisfies FetchedManifest as FetchedManifest
  }
  const detail = `it was published under key number ${epoch} after the vault's key was rotated: that device has to be given the new key`
  return { ...unreadable(etag, detail), outdated: manifest } satisfies FetchedManifest as FetchedManifest
})

const unreadable = (etag: string, detail: string, newer = false) => ({
  _tag: "Unreadable" as const,
  etag,
  detail,
  newer
})
