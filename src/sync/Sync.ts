/** The commands of sync as a whole: under the device lock, with the outcome remembered for `hx sync status`. */

import { Effect } from "effect"
import { underLock } from "./DeviceLock.ts"
import type { SettleOptions } from "./OwnManifest.ts"
import { pull } from "./Pull.ts"
import { needed, NOTHING_PUSHED, push, type PushReport } from "./Push.ts"
import { nowMicros } from "./SyncClock.ts"
import { PartlyDone, type Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { requireBinding, VaultSession } from "./VaultSession.ts"

/** Publishes what is new here. With nothing to publish, the store is not even opened. */
export const runPush = (options: SettleOptions) =>
  underLock(
    remembered(
      "lastPush",
      Effect.gen(function* () {
        yield* requireBinding
        if (!options.force && !(yield* needed)) return NOTHING_PUSHED
        return yield* inSession(push(options))
      })
    )
  )

/** Fetches what is new elsewhere. Problems with single objects are in the report; see `failOnProblems`. */
export const runPull = (options: SettleOptions) => underLock(remembered("lastPull", inSession(pull(options))))

/** Pull, then push. */
export const runSync = underLock(
  inSession(
    Effect.gen(function* () {
      const pulled = yield* remembered("lastPull", pull({ force: false }))
      const pushed = yield* remembered("lastPush", push({ force: false }))
      return { pulled, pushed }
    })
  )
)

/** Once the report has been shown: objects that could not be used make the command fail. */
export const failOnProblems = Effect.fnUntraced(function* (problems: ReadonlyArray<Problem>) {
  const { location } = yield* requireBinding
  if (problems.length > 0) return yield* new PartlyDone({ store: location, problems })
})

/** Likewise where forgotten commands are still in the store, because this device may not delete them. */
export const failOnRefused = ({ refused }: PushReport) =>
  refused === null ? Effect.void : Effect.zipRight(noteError(refused), refused)

/** With the store open for as long as it takes. */
function inSession<A, E, R>(effect: Effect.Effect<A, E, R>) {
  return Effect.provide(effect, VaultSession.layer)
}

/** Notes when it was done, or why it failed. */
const remembered = <A, E extends Failure, R>(done: "lastPush" | "lastPull", effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.tap(() =>
      Effect.flatMap(nowMicros, (at) =>
        SyncState.updateActivity((activity) => ({ ...activity, [done]: at, lastError: null }))
      )
    ),
    Effect.tapError(noteError)
  )

interface Failure {
  readonly _tag: string
  readonly reason?: string
  readonly message: string
}

const noteError = (error: Failure) =>
  Effect.ignoreLogged(
    Effect.flatMap(nowMicros, (at) =>
      SyncState.updateActivity((activity) => ({
        ...activity,
        lastError: { at, tag: SyncState.tagOf(error), message: error.message }
      }))
    )
  )
