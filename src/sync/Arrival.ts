/**
 * Arriving in a store to which another device has moved the vault: what that one did not know of devices that did not come along, this one may know.
 * So, once all that is here has been read, entries of devices that have no log here become operations of this device's own log, with every rule and end
 * that it knows of. An entry that two devices bring along is told twice, which does no harm.
 */

import { Effect, Option, Schema } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import * as SyncState from "./SyncState.ts"

/** Notes, at a join, that the vault was in another store when this device was last in it. */
export const noteArrival = Effect.fn("Arrival.note")(function* (binding: SyncState.StoreBinding) {
  const home = Option.getOrNull(yield* SyncState.homeVault.get)
  if (home === null || home.vaultId !== binding.vaultId || home.location === undefined) return
  if (home.location !== binding.location) yield* arrived.put({ location: binding.location })
})

/** After a pull that met no problem: `here` are the devices whose logs are in this store, or were taken over by one of them. */
export const bringAlong = Effect.fn("Arrival.bringAlong")(function* (here: ReadonlySet<DeviceId>) {
  const db = yield* HistoryDb
  const binding = Option.getOrNull(yield* SyncState.binding.get)
  const noted = Option.getOrNull(yield* arrived.get)
  if (noted === null || binding === null) return
  yield* db.transaction(
    Effect.zipRight(noted.location === binding.location ? db.log.adoptAbsent(here) : Effect.void, arrived.remove)
  )
})

const arrived = SyncState.document("sync.arrived", Schema.Struct({ location: Schema.String }))
