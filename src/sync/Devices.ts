/**
 * All devices of the vault, as `hx sync devices` tells of them: from this device's memory, and with one LIST, for up to a thousand devices, whether
 * anybody has published since. A store that does not answer is told, and everything else all the same.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { otherDevices } from "./DeviceNames.ts"
import { knownVault } from "./KnownVault.ts"
import { type Claim, knownRetired, notedRetirement } from "./Retirements.ts"
import { type PeerStatus, status, type StoreAnswer } from "./Status.ts"
import * as SyncState from "./SyncState.ts"
import { requireBinding } from "./VaultSession.ts"

export interface DevicesReport {
  /** When all this was so: µs since 1970. */
  readonly now: number
  readonly store: string
  readonly answer: StoreAnswer
  /** This one first. */
  readonly devices: ReadonlyArray<DeviceReport>
}

export interface DeviceReport {
  readonly device: DeviceId
  readonly label: string
  readonly self: boolean
  /** Entries that it has published and that are not forgotten; null where nothing of it was read yet. */
  readonly entries: number | null
  /** µs since 1970, by its own clock; null where it never has, or nothing of it was read yet. */
  readonly published: number | null
  /** Of this device: what it has not published yet. Of others: operations that have not been pulled; null where nothing of it was read yet. */
  readonly lag: number | null
  /** As in PeerStatus; of this device null. */
  readonly listed: PeerStatus["listed"]
  readonly problem: string | null
  /** Which of the vault's keys it last published under; null without encryption, or where that is not known. */
  readonly key: number | null
  /** It has not published under the vault's newest key. */
  readonly keyBehind: boolean
  /** Who has taken it over, and when (µs since 1970); null where nobody has. */
  readonly retired: { readonly by: string; readonly at: number | null } | null
}

export const devices = Effect.fn("Devices.list")(function* (options: { readonly ask: boolean }) {
  const known = yield* status(options)
  const binding = yield* requireBinding
  const peers = yield* SyncState.allPeers
  const newest = (yield* knownVault(binding))?.epoch ?? 0
  const retired = yield* knownRetired
  const listed = new Set(known.answer._tag === "Answered" ? known.answer.unknown : [])
  const statuses = new Map(known.peers.map((peer) => [peer.device, peer]))
  const others = (yield* otherDevices(listed)).map(({ device, label }): DeviceReport => {
    const peer = statuses.get(device)
    const read = peer !== undefined && peer.sequence > 0 ? peer : undefined
    const claim = retired.get(device)
    const key = peers.get(device)?.epoch ?? null
    return {
      device,
      label: label === "" ? (claim?.retirement.label ?? "") : label,
      self: false,
      entries: read?.operations ?? null,
      published: read?.published ?? null,
      lag: claim !== undefined ? 0 : (read?.lag ?? null),
      listed: peer?.listed ?? (listed.has(device) ? "newer" : known.answer._tag === "Answered" ? "gone" : null),
      problem: peer?.problem ?? null,
      key: key === 0 ? null : key,
      keyBehind: claim === undefined && read !== undefined && key !== null && key < newest,
      retired:
        claim === undefined ? null : { by: claim.label, at: claim.retirement.at === 0 ? null : claim.retirement.at }
    }
  })
  const publication = Option.getOrNull(yield* SyncState.publication.get)
  const rekey = known.pending.rekey
  const self: DeviceReport = {
    device: known.device.id,
    label: known.device.label,
    self: true,
    entries: known.published?.operations ?? 0,
    published: publication?.published ?? null,
    lag: known.pending.operations,
    listed: null,
    problem: null,
    key: newest === 0 || publication === null ? null : rekey ? null : newest,
    keyBehind: rekey,
    retired: yield* retiredSelf(retired)
  }
  return {
    now: known.now,
    store: known.store,
    answer: known.answer,
    devices: [self, ...others]
  } satisfies DevicesReport as DevicesReport
})

const retiredSelf = (retired: ReadonlyMap<DeviceId, Claim>) =>
  Effect.gen(function* () {
    const claim = retired.get(yield* Effect.flatMap(HistoryDb, (db) => db.device.id))
    if (claim !== undefined) return { by: claim.label, at: claim.retirement.at }
    const noted = yield* notedRetirement
    return noted === null ? null : { by: noted.by, at: null }
  })
