/**
 * Leaving a store, and coming back to it. Publication state goes with the store; what is owed to it does not: objects of ours that hold what was
 * forgotten still have to be deleted there, and multipart uploads to be aborted, whenever this device is back.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { debtsFor, owe } from "./Debts.ts"
import * as SyncState from "./SyncState.ts"

/** More stores than anybody moves between; the one left longest ago is forgotten first. */
const MAX_LEFT = 16

/** Forgets the store, the cursors and what was published; never history, the device's id or keys. */
export const leave = Effect.gen(function* () {
  const db = yield* HistoryDb
  yield* db.transaction(Effect.zipRight(noteLeft, SyncState.clear))
})

/** Takes up again what is owed to this store. What its manifest names is kept when that is read (OwnManifest.adopt). */
export const comeBack = Effect.fnUntraced(function* (binding: SyncState.StoreBinding) {
  const all = yield* leftStores
  const here = all.find(isAt(binding))
  if (here === undefined) return
  yield* owe(here.debts)
  yield* SyncState.putIntents(here.intents)
  yield* SyncState.left.put(all.filter((each) => each !== here))
})

type Place = Pick<SyncState.StoreBinding, "location" | "vaultId">

const isAt = (place: Place) => (left: Place) => left.location === place.location && left.vaultId === place.vaultId

const leftStores = Effect.map(
  SyncState.left.get,
  Option.getOrElse((): ReadonlyArray<SyncState.LeftStore> => [])
)

const noteLeft = Effect.gen(function* () {
  const binding = Option.getOrNull(yield* SyncState.binding.get)
  if (binding === null) return
  const db = yield* HistoryDb
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const published = known?.segments ?? []
  yield* owe(yield* debtsFor(yield* db.device.id, { published, unpublished: [] }, yield* db.log.purged))
  const { location, vaultId } = binding
  const [debts, intents] = [yield* SyncState.debtsOrNone, yield* SyncState.intentsOrNone]
  const others = (yield* leftStores).filter((each) => !isAt(binding)(each))
  if (debts.length + intents.length === 0) return yield* SyncState.left.put(others)
  yield* SyncState.left.put([...others, { location, vaultId, debts, intents }].slice(-MAX_LEFT))
})
