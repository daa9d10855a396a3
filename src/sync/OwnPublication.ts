/** What this device remembers of its own publication: of the manifest that stands, and nothing any more where it goes on under a new id. */

import { Effect } from "effect"
import { type ForkOptions, HistoryDb } from "../db/HistoryDb.ts"
import type { Keyring } from "../format/Keyring.ts"
import type { Manifest } from "../format/Manifest.ts"
import { keyCheckOf } from "./KnownVault.ts"
import { nowMicros } from "./SyncClock.ts"
import * as SyncState from "./SyncState.ts"

/** Our manifest, which stands under this ETag. */
export const publicationOf = (manifest: Manifest, etag: string, keyring: Keyring): SyncState.Publication => ({
  sequence: manifest.sequence,
  nonce: manifest.nonce,
  etag,
  published: manifest.published,
  last: manifest.last,
  segments: manifest.segments,
  label: manifest.label,
  retired: manifest.retired.map(({ device }) => device),
  ...keyCheckOf(keyring, manifest.epoch)
})

/**
 * Goes on under a new id, with the operations that the log under the former one lacks; gives their number. Objects of the old log belong to somebody else
 * now, here and in stores that we may come back to: nothing of them is owed any more. Inside a transaction.
 */
export const continueAs = Effect.fn("OwnPublication.continueAs")(function* (fork: ForkOptions, why: string) {
  const db = yield* HistoryDb
  const { moved } = yield* db.log.fork(fork)
  yield* SyncState.publication.remove
  yield* SyncState.floor.remove
  yield* SyncState.putIntents([])
  yield* SyncState.putDebts([])
  yield* SyncState.left.remove
  yield* noteConflict(`continued as a new device: ${why}`)
  return moved
})

/** For status: conflicts met and settled. */
export const noteConflict = (what: string) =>
  Effect.flatMap(nowMicros, (at) =>
    SyncState.updateActivity((activity) => ({
      ...activity,
      conflicts: [...activity.conflicts, { at, what }].slice(-MOST_CONFLICTS)
    }))
  )

const MOST_CONFLICTS = 10
