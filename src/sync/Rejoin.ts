/**
 * Coming back after this device was retired: it goes on under a new id, keeps its history, and publishes again what nobody took over. Which operations
 * those are the retirement tells, by the running hash up to the last one that was: where that is not our own, all of them.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { DeviceId } from "../domain/Device.ts"
import { Entropy } from "../platform/Entropy.ts"
import type { Forked } from "./OwnManifest.ts"
import { continueAs } from "./OwnPublication.ts"
import { type Claim, forgetNote, notedRetirement, withdrawRetirement } from "./Retirements.ts"
import { successorOf } from "./Successor.ts"
import * as SyncState from "./SyncState.ts"
import { VaultSession } from "./VaultSession.ts"

/**
 * Asks the store only where this device knows to be retired, or has published in this vault and begins anew: one LIST, and a GET for each manifest that
 * was not read before.
 */
export const rejoin = Effect.gen(function* () {
  const { keyring } = yield* VaultSession
  const noted = yield* notedRetirement
  const begins = Option.isNone(yield* SyncState.publication.get)
  if (noted === null && !(begins && (yield* SyncState.highestIn(keyring.vaultId)) > 0)) return null
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const successor = yield* successorOf(self)
  if (successor !== undefined) return yield* goOn(self, successor)
  yield* forgetNote
  return null
})

const goOn = Effect.fnUntraced(function* (from: DeviceId, { by: successor, label: by, retirement }: Claim) {
  const db = yield* HistoryDb
  const { chain, last } = retirement
  const taken = last <= (yield* db.log.end) && (yield* db.log.chainAt(last)) === chain
  const to = DeviceId(yield* Entropy.hex(16))
  const moved = yield* db.transaction(
    Effect.zipLeft(
      continueAs({ newId: to, common: taken ? last : 0, known: new Set() }, `${from} was retired by ${by}`),
      // Of two that had begun to retire each other this one gave way.
      Effect.zipRight(forgetNote, withdrawRetirement(successor))
    )
  )
  return { _tag: "Forked", from, to, moved, retiredBy: by } satisfies Forked as Forked
})
