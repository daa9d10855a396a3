/**
 * Sync that nobody waits for: where HX_SYNC_INTERVAL is set, at most that often on this device, whichever shell asks. It says nothing; how it went is in
 * `hx sync status`, as of any other sync. After failures it waits longer each time, up to an hour and no less than the interval, so that a machine
 * without a network does not try all day.
 */

import { Cause, Clock, Duration, Effect, Option, Schema } from "effect"
import { HistoryDb } from "../../../../db/HistoryDb.ts"
import { Interval } from "../../../../platform/SyncSettings.ts"
import { Settings } from "../../../../platform/Settings.ts"
import { runSync } from "../../../../sync/Sync.ts"
import { services, wishes } from "../../../SyncLayers.ts"

/** When it was tried last, in ms since 1970, and how often in a row that failed. */
const Attempt = Schema.parseJson(Schema.Struct({ at: Schema.Number, failures: Schema.Number }))

const DOCUMENT = "background-sync"

const LONGEST_WAIT = Duration.hours(1)

/** In ms. A clock that was set back makes it due. */
export const isDue = (
  now: number,
  interval: number,
  last: { readonly at: number; readonly failures: number }
): boolean => {
  const wait = Math.max(interval, Math.min(interval * 2 ** last.failures, Duration.toMillis(LONGEST_WAIT)))
  return now < last.at || now - last.at >= wait
}

/** Never fails. */
export const syncWhereDue = Effect.gen(function* () {
  const settings = yield* Settings
  const interval = yield* settings.get(Interval)
  if (Option.isNone(interval)) return
  yield* Effect.provide(syncAtMost(Duration.toMillis(interval.value)), services)
}).pipe(
  Effect.provide(wishes),
  Effect.catchAllCause((cause) =>
    Cause.isInterruptedOnly(cause) ? Effect.interrupt : Effect.logDebug("Background sync:", cause)
  )
)

const syncAtMost = Effect.fnUntraced(function* (interval: number) {
  const { documents } = yield* HistoryDb
  const now = yield* Clock.currentTimeMillis
  const known = Option.flatMap(yield* documents.get(DOCUMENT), Schema.decodeOption(Attempt))
  const last = Option.getOrElse(known, () => ({ at: 0, failures: 0 }))
  if (!isDue(now, interval, last)) return
  const note = (failures: number) => documents.put(DOCUMENT, JSON.stringify({ at: now, failures }))
  // Before anything else: another shell's run finds that it is not due, and one that dies counts as failed.
  yield* note(last.failures + 1)
  yield* runSync
  yield* note(0)
})
