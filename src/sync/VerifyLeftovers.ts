/** What is in the store and no part of the vault: whose it is, how old, and what may come of it. */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { ObjectInfo, UnfinishedUpload } from "../store/ObjectStore.ts"
import { segmentName, SEGMENTS } from "./ObjectNames.ts"
import * as SyncState from "./SyncState.ts"
import { VaultSession } from "./VaultSession.ts"
import type { Leftover, LeftoverKind, LeftoverObject } from "./VerifyFinding.ts"
import { deviceOfSegment, type Listing } from "./VerifyListing.ts"
import type { ReadManifests } from "./VerifyManifests.ts"

/** `named`: every segment that a manifest names, or that this device remembers to have published. */
export const leftoversIn = Effect.fn("VerifyLeftovers.find")(function* (
  listing: Listing,
  manifests: ReadManifests,
  named: ReadonlySet<string>
) {
  const db = yield* HistoryDb
  const self = yield* db.device.id
  const labels = yield* labelsOf(manifests)
  const owed = new Set((yield* SyncState.debtsOrNone).map(({ name }) => name))
  const intents = yield* SyncState.intentsOrNone
  const sent = new Set(intents.flatMap(({ segments }) => segments.map(({ id }) => segmentName(self, id))))
  const groups = new Map<string, Leftover & { readonly objects: Array<LeftoverObject> }>()
  const put = (kind: LeftoverKind, device: DeviceId | null, object: LeftoverObject) => {
    const key = `${kind} ${device ?? ""}`
    const label = device === null ? "" : (labels.get(device) ?? device)
    const group = groups.get(key) ?? { kind, device, label, own: device === self, objects: [] }
    group.objects.push(object)
    groups.set(key, group)
  }
  const kindOf = (name: string, device: DeviceId): LeftoverKind => {
    if (device === self && owed.has(name)) return "replaced"
    if (device === self && sent.has(name)) return "unpublished"
    if (manifests.retired.has(device)) return "retired"
    return manifests.unread.has(device) ? "stranded" : "orphan"
  }
  for (const [name, { device, info }] of listing.segments) {
    if (!named.has(name)) put(kindOf(name, device), device, objectOf(info))
  }
  for (const { device, info } of listing.manifests) {
    if (manifests.retired.has(device)) put("retired", device, objectOf(info))
  }
  for (const info of listing.foreign) put("foreign", null, objectOf(info))
  for (const info of listing.probes) put("probe", null, objectOf(info))
  for (const { begun, name } of yield* unfinished) {
    put("upload", deviceOfSegment(name), { name, bytes: 0, modified: begun })
  }
  return [...groups.values()] as ReadonlyArray<Leftover>
})

/** Uploads in parts of the vault's segments; none where the store has none, or does not tell us. One request, where it is of S3. */
export const unfinished = Effect.gen(function* () {
  const { store } = yield* VaultSession
  if (store.uploads === undefined) return [] as ReadonlyArray<UnfinishedUpload>
  return yield* Effect.orElseSucceed(store.uploads(SEGMENTS), (): ReadonlyArray<UnfinishedUpload> => [])
})

const labelsOf = Effect.fnUntraced(function* ({ logs }: ReadManifests) {
  const known = yield* SyncState.allPeers
  const label = yield* Effect.flatMap(HistoryDb, ({ device }) => device.label)
  const self = yield* Effect.flatMap(HistoryDb, ({ device }) => device.id)
  return new Map<DeviceId, string>([
    ...[...known].map(([device, peer]) => [device, peer.label] as const),
    ...logs.map((log) => [log.device, log.label] as const),
    [self, label]
  ])
})

const objectOf = ({ modified, name, size }: ObjectInfo): LeftoverObject => ({
  name,
  bytes: size,
  modified: Option.getOrNull(Option.fromNullable(modified))
})
