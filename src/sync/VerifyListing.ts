/** What a store holds, sorted by what it is to a vault: one LIST for each 1,000 objects. */

import { Chunk, Effect, Either, Stream } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { Paths } from "../platform/Paths.ts"
import type { ObjectInfo } from "../store/ObjectStore.ts"
import { parseStoreUrl } from "../store/StoreUrl.ts"
import type { ListedManifest } from "./ManifestFetch.ts"
import { MANIFESTS, parseManifestName, PROBES, SEGMENTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { VaultSession } from "./VaultSession.ts"

export interface Listing {
  readonly vault: ObjectInfo | null
  readonly manifests: ReadonlyArray<ListedManifest>
  /** By name. */
  readonly segments: ReadonlyMap<string, ListedSegment>
  readonly probes: ReadonlyArray<ObjectInfo>
  readonly foreign: ReadonlyArray<ObjectInfo>
}

export interface ListedSegment {
  readonly device: DeviceId
  readonly info: ObjectInfo
}

/** A bucket without a prefix may be shared with anything: there only what has our names is listed, and what is foreign beside it is nobody's business. */
export const listVault = Effect.gen(function* () {
  const { store } = yield* VaultSession
  const prefixes = (yield* isShared) ? [MANIFESTS, PROBES, SEGMENTS, VAULT_DESCRIPTOR] : [""]
  const listed = yield* Stream.runCollect(Stream.flatMap(Stream.fromIterable(prefixes), (prefix) => store.list(prefix)))
  return sortListed(Chunk.toReadonlyArray(listed))
})

export const sortListed = (infos: ReadonlyArray<ObjectInfo>): Listing => {
  const manifests: Array<ListedManifest> = []
  const segments = new Map<string, ListedSegment>()
  const probes: Array<ObjectInfo> = []
  const foreign: Array<ObjectInfo> = []
  let vault: ObjectInfo | null = null
  for (const info of infos) {
    const manifest = parseManifestName(info.name)
    const device = deviceOfSegment(info.name)
    if (info.name === VAULT_DESCRIPTOR) vault = info
    else if (manifest !== null) manifests.push({ ...manifest, info })
    else if (device !== null) segments.set(info.name, { device, info })
    else if (PROBE.test(info.name)) probes.push(info)
    else foreign.push(info)
  }
  return { vault, manifests, segments, probes, foreign }
}

/** Whose segment it is; null of any other object. */
export const deviceOfSegment = (name: string): DeviceId | null => {
  const [, device = ""] = SEGMENT.exec(name) ?? []
  return isDeviceId(device) ? device : null
}

const SEGMENT = /^segments\/([0-9a-f]{32})\/[0-9a-f]{32}\.hxs$/
/** As Probe.ts and Check.ts name them. */
const PROBE = /^probe-[0-9a-f]{16}[^/]*$/

const isShared = Effect.gen(function* () {
  const { binding } = yield* VaultSession
  const { home, workingDirectory } = yield* Paths
  return Either.match(parseStoreUrl(binding.location, { home, workingDirectory }), {
    onLeft: () => false,
    onRight: ({ location }) => location._tag === "S3" && location.prefix === ""
  })
})
