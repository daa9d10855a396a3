/** The commands of sync as a whole: under the device lock, with the outcome remembered for `hx sync status`. */

import { Effect, Layer } from "effect"
import { underLock } from "./DeviceLock.ts"
import { type Failure, noteFailure, notePull, notePush } from "./Outcome.ts"
import type { SettleOptions } from "./OwnManifest.ts"
import { pull, type PullOptions, type PullReport } from "./Pull.ts"
import { needed, NOTHING_PUSHED, push, type PushReport } from "./Push.ts"
import { PartlyDone, type Problem } from "./SyncError.ts"
import { requireBinding, VaultSession } from "./VaultSession.ts"

/** Publishes what is new here. With nothing to publish, the store is not even opened. */
export const runPush = (options: SettleOptions) =>
  underLock(
    rememberedPush(
      Effect.gen(function* () {
        yield* requireBinding
        if (!options.force && !(yield* needed)) return NOTHING_PUSHED
        return yield* inSession(push(options))
      })
    )
  )

/** Fetches what is new elsewhere. Problems with single objects are in the report; see `failOnProblems`. */
export const runPull = (options: PullOptions) => underLock(rememberedPull(inSession(pull(options))))

/** Pull, then push. Not to get as far as a store is a failure of the pull. */
export const runSync = underLock(
  Effect.scoped(
    Effect.gen(function* () {
      const session = yield* Effect.tapError(Layer.build(VaultSession.layer), noteFailure("pull"))
      const pulled = yield* Effect.provide(rememberedPull(pull({ force: false })), session)
      const pushed = yield* Effect.provide(rememberedPush(push({ force: false })), session)
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
  refused === null ? Effect.void : Effect.zipRight(noteFailure("push")(refused), refused)

/** With the store open for as long as it takes. */
function inSession<A, E, R>(effect: Effect.Effect<A, E, R>) {
  return Effect.provide(effect, VaultSession.layer)
}

const rememberedPush = <E extends Failure, R>(effect: Effect.Effect<PushReport, E, R>) =>
  effect.pipe(Effect.tap(notePush), Effect.tapError(noteFailure("push")))

const rememberedPull = <E extends Failure, R>(effect: Effect.Effect<PullReport, E, R>) =>
  effect.pipe(Effect.tap(notePull), Effect.tapError(noteFailure("pull")))
