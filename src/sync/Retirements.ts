/**
 * Which devices are retired: others have taken their history over, and their logs are not read any more.
 *
 * A retirement stands in the manifest of the device that took over, and holds as long as that manifest does. Should two devices have retired each other
 * at the same time, everybody goes by the earlier one, so that nobody ignores both. A device that knows to be retired asks the store nothing more until
 * it has joined again.
 */

import { Effect, Option, Schema } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import type { Manifest, Retirement } from "../format/Manifest.ts"
import { DeviceRetired } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"

/** What one device says of another one. */
export interface Claim {
  readonly by: DeviceId
  /** Of the device that says so. */
  readonly label: string
  readonly retirement: Retirement
}

/** Who is retired, and by whom. Pure. */
export const settleClaims = (claims: ReadonlyArray<Claim>): ReadonlyMap<DeviceId, Claim> => {
  const retired = new Map<DeviceId, Claim>()
  for (const claim of [...claims].sort(byTime)) {
    const { device } = claim.retirement
    if (device !== claim.by && !retired.has(claim.by) && !retired.has(device)) retired.set(device, claim)
  }
  return retired
}

const byTime = (a: Claim, b: Claim): number =>
  a.retirement.at - b.retirement.at || (a.by < b.by ? -1 : a.by > b.by ? 1 : 0)

export const claimsIn = ({ device, label, retired }: Pick<Manifest, "device" | "label" | "retired">) =>
  retired.map((retirement): Claim => ({ by: device, label, retirement }))

/** What a manifest that was read earlier said. */
export const claimsOf = (by: DeviceId, { label, retired, retirements }: SyncState.PeerState): ReadonlyArray<Claim> =>
  (retirements ?? retired.map((device) => ({ device, last: 0, at: 0 }))).map((retirement) => ({
    by,
    label,
    retirement
  }))

/** The devices that this one has retired, in the vault that it is in. */
export const ownRetirements = Effect.gen(function* () {
  const vaultId = yield* currentVault
  return (yield* allOwn).flatMap(({ vaultId: of, ...retirement }): ReadonlyArray<Retirement> =>
    of === vaultId ? [retirement] : []
  )
})

/** As claims, for whoever settles them. */
export const ownClaims = Effect.gen(function* () {
  const db = yield* HistoryDb
  const by = yield* db.device.id
  const label = yield* db.device.label
  return (yield* ownRetirements).map((retirement): Claim => ({ by, label, retirement }))
})

/** Who is retired, as far as is known here without asking. */
export const knownRetired = Effect.gen(function* () {
  const peers = yield* SyncState.allPeers
  const told = [...peers].flatMap(([log, peer]): ReadonlyArray<Claim> => (peer.copy ? [] : claimsOf(log, peer)))
  return settleClaims([...(yield* ownClaims), ...told])
})

/** Records retirements, to be published with this device's next manifest. What is recorded already is replaced. Inside a transaction. */
export const recordRetirements = Effect.fn("Retirements.record")(function* (retirements: ReadonlyArray<Retirement>) {
  const vaultId = yield* currentVault
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const added = retirements.filter(({ device }) => device !== self)
  if (vaultId === null || added.length === 0) return
  const devices = new Set<string>(added.map(({ device }) => device))
  const kept = (yield* allOwn).filter((each) => each.vaultId !== vaultId || !devices.has(each.device))
  yield* own.put([...kept, ...added.map((retirement) => ({ ...retirement, vaultId }))])
})

/** Of those that an earlier manifest of this device names, what is not recorded here: after a reset, say. */
export const recoverRetirements = Effect.fn("Retirements.recover")(function* (published: ReadonlyArray<Retirement>) {
  const known = new Set<string>((yield* ownRetirements).map(({ device }) => device))
  yield* recordRetirements(published.filter(({ device }) => !known.has(device)))
})

/** This device does not say any more that it has retired that one. Inside a transaction. */
export const withdrawRetirement = Effect.fn("Retirements.withdraw")(function* (device: DeviceId) {
  const vaultId = yield* currentVault
  const kept = yield* allOwn
  if (kept.some((each) => each.vaultId === vaultId && each.device === device))
    yield* own.put(kept.filter((each) => each.vaultId !== vaultId || each.device !== device))
})

/** All devices that anybody, as far as is known here, has taken over, whether or not that manifest still stands. */
export const everRetired = Effect.gen(function* () {
  const retired = new Set<DeviceId>((yield* ownRetirements).map(({ device }) => device))
  for (const [, peer] of yield* SyncState.allPeers) for (const device of peer.retired) retired.add(device)
  return retired as ReadonlySet<DeviceId>
})

/** Remembers that this device itself is retired. */
export const noteRetired = Effect.fn("Retirements.note")(function* (claim: Claim) {
  const vaultId = yield* currentVault
  if (vaultId !== null) yield* retiredBy.put({ vaultId, by: claim.label })
  return new DeviceRetired({ by: claim.label })
})

/** What was noted, of the vault that this device is in. */
export const notedRetirement = Effect.gen(function* () {
  const vaultId = yield* currentVault
  return Option.getOrNull(Option.filter(yield* retiredBy.get, (noted) => noted.vaultId === vaultId))
})

/** It has joined again, or nobody says so any more. */
export const forgetNote = Effect.suspend(() => retiredBy.remove)

/** A device that knows to be retired stops, and asks nobody, until it has joined again. */
export const refuseRetired = Effect.gen(function* () {
  const noted = yield* notedRetirement
  if (noted !== null) return yield* new DeviceRetired({ by: noted.by })
})

const currentVault = Effect.map(SyncState.binding.get, (bound) =>
  Option.match(bound, { onNone: () => null, onSome: ({ vaultId }) => vaultId })
)

const Device = Schema.String.pipe(Schema.filter((text): text is DeviceId => isDeviceId(text)))

const own = SyncState.document(
  "sync.retirements",
  Schema.Array(
    Schema.Struct({
      vaultId: Schema.String,
      device: Device,
      last: Schema.NonNegativeInt,
      at: Schema.Int,
      label: Schema.optional(Schema.String),
      chain: Schema.optional(Schema.String)
    })
  )
)

const allOwn = Effect.map(
  own.get,
  Option.getOrElse((): ReadonlyArray<Retirement & { readonly vaultId: string }> => [])
)

const retiredBy = SyncState.document("sync.retired-by", Schema.Struct({ vaultId: Schema.String, by: Schema.String }))
