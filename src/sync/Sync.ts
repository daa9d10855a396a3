/** The commands of sync as a whole: under the device lock, with the outcome remembered for `hx sync status`. */

import { Effect, Layer, type Redacted } from "effect"
import { underLock } from "./DeviceLock.ts"
import { rotateKey, rotationPending, settledSession, settleRotation } from "./KeyRotation.ts"
import { refuseWithoutNewKey } from "./KnownVault.ts"
import { type Failure, noteFailure, notePull, notePush } from "./Outcome.ts"
import type { SettleOptions } from "./OwnManifest.ts"
import { changePassphrase } from "./Passphrase.ts"
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
        yield* refuseWithoutNewKey
        if (!options.force && !(yield* needed) && !(yield* rotationPending)) return NOTHING_PUSHED
        return yield* inSession(pushAndSettle(options))
      })
    )
  )

/** Fetches what is new elsewhere. Problems with single objects are in the report; see `failOnProblems`. */
export const runPull = (options: PullOptions) =>
  underLock(rememberedPull(Effect.zipRight(refuseWithoutNewKey, inSession(pull(options)))))

/** Pull, then push. Not to get as far as a store is a failure of the pull. */
export const runSync = underLock(
  Effect.scoped(
    Effect.gen(function* () {
      const opened = Effect.zipRight(refuseWithoutNewKey, Layer.build(VaultSession.layer)).pipe(
        Effect.flatMap((context) => Effect.provide(settledSession, context))
      )
      const session = yield* Effect.tapError(opened, noteFailure("pull"))
      const pulled = yield* Effect.provideService(rememberedPull(pull({ force: false })), VaultSession, session)
      const pushed = yield* Effect.provideService(
        rememberedPush(pushAndSettle({ force: false })),
        VaultSession,
        session
      )
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

/** Gives the vault a new key, and publishes everything under it. */
export const runRotation = underLock(
  Effect.scoped(Effect.zipRight(refuseWithoutNewKey, Effect.provide(rotateKey, VaultSession.layer)))
)

/** Sets, changes or removes (null) what opens the vault beside its key. */
export const runPassphrase = (passphrase: Redacted.Redacted | null) =>
  underLock(Effect.zipRight(refuseWithoutNewKey, inSession(changePassphrase(passphrase))))

const pushAndSettle = (options: SettleOptions) => Effect.zipLeft(push(options), settleRotation)

/** With the store open for as long as it takes, and what the last runs left settled. */
function inSession<A, E, R>(effect: Effect.Effect<A, E, R>) {
  return Effect.flatMap(settledSession, (session) => Effect.provideService(effect, VaultSession, session)).pipe(
    Effect.provide(VaultSession.layer)
  )
}

const rememberedPush = <E extends Failure, R>(effect: Effect.Effect<PushReport, E, R>) =>
  effect.pipe(Effect.tap(notePush), Effect.tapError(noteFailure("push")))

const rememberedPull = <E extends Failure, R>(effect: Effect.Effect<PullReport, E, R>) =>
  effect.pipe(Effect.tap(notePull), Effect.tapError(noteFailure("pull")))
