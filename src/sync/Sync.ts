/** The commands of sync as a whole: under the device lock, with the outcome remembered for `hx sync status`. */

import { Effect, Layer, type Redacted } from "effect"
import { underLock } from "./DeviceLock.ts"
import type { DeviceName } from "./DeviceNames.ts"
import { rotateKey, rotationPending, settledSession, settleRotation } from "./KeyRotation.ts"
import { refuseWithoutNewKey } from "./KnownVault.ts"
import { type Failure, noteFailure, notePull, notePush } from "./Outcome.ts"
import type { SettleOptions } from "./OwnManifest.ts"
import { changePassphrase } from "./Passphrase.ts"
import { pull, type PullOptions, type PullReport } from "./Pull.ts"
import { needed, NOTHING_PUSHED, push, type PushReport } from "./Push.ts"
import { planRetirement, retire, type RetireOptions } from "./Retire.ts"
import { refuseRetired } from "./Retirements.ts"
import { PartlyDone, type Problem } from "./SyncError.ts"
import { requireBinding, VaultSession } from "./VaultSession.ts"

/** Without the vault's newest key, or retired: the store need not be asked. */
const refuseUseless = Effect.zipRight(refuseWithoutNewKey, refuseRetired)

/** Publishes what is new here. With nothing to publish, the store is not even opened. */
export const runPush = (options: SettleOptions) =>
  underLock(
    rememberedPush(
      Effect.gen(function* () {
        yield* requireBinding
        yield* refuseUseless
        if (!options.force && !(yield* needed) && !(yield* rotationPending)) return NOTHING_PUSHED
        return yield* inSession(pushAndSettle(options))
      })
    )
  )

/** Fetches what is new elsewhere. Problems with single objects are in the report; see `failOnProblems`. */
export const runPull = (options: PullOptions) => underLock(rememberedPull(pullInSession(options)))

const pullInSession = (options: PullOptions) => Effect.zipRight(refuseUseless, inSession(pull(options)))

/** Everything new, of a store whose session is open. */
const pullNew = pull({ force: false })

/** Pull, then push. Not to get as far as a store is a failure of the pull. */
export const runSync = underLock(
  Effect.scoped(
    Effect.gen(function* () {
      const opened = Effect.zipRight(refuseUseless, Layer.build(VaultSession.layer)).pipe(
        Effect.flatMap((context) => Effect.provide(settledSession, context))
      )
      const session = yield* Effect.tapError(opened, noteFailure("pull"))
      const pulled = yield* Effect.provideService(rememberedPull(pullNew), VaultSession, session)
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
  Effect.scoped(Effect.zipRight(refuseUseless, Effect.provide(rotateKey, VaultSession.layer))).pipe(
    Effect.tap(({ pushed }) => notePublished(pushed))
  )
)

/** Sets, changes or removes (null) what opens the vault beside its key. */
export const runPassphrase = (passphrase: Redacted.Redacted | null) =>
  underLock(Effect.zipRight(refuseUseless, inSession(changePassphrase(passphrase))))

/** Pulls, then tells which device is meant. Problems with other devices' objects do not keep it from that. */
export const runRetirePlan = (given: string) =>
  underLock(Effect.zipRight(refuseUseless, inSession(Effect.zipRight(rememberedPull(pullNew), planRetirement(given)))))

/** Takes a device over, and deletes its objects. */
export const runRetire = (device: DeviceName, options: RetireOptions) =>
  underLock(
    Effect.zipRight(refuseUseless, inSession(retire(device, options))).pipe(
      Effect.tap(({ pushed }) => notePublished(pushed))
    )
  )

const pushAndSettle = (options: SettleOptions) => Effect.zipLeft(push(options), settleRotation)

/** With the store open for as long as it takes, and what the last runs left settled. */
function inSession<A, E, R>(effect: Effect.Effect<A, E, R>) {
  return Effect.flatMap(settledSession, (session) => Effect.provideService(effect, VaultSession, session)).pipe(
    Effect.provide(VaultSession.layer)
  )
}

/** What publishes on the way to something else is the last push as well, for `hx sync status`; that it had nothing to publish is no news. */
const notePublished = (report: PushReport) => (report.published ? notePush(report) : Effect.void)

const rememberedPush = <E extends Failure, R>(effect: Effect.Effect<PushReport, E, R>) =>
  effect.pipe(Effect.tap(notePush), Effect.tapError(noteFailure("push")))

const rememberedPull = <E extends Failure, R>(effect: Effect.Effect<PullReport, E, R>) =>
  effect.pipe(Effect.tap(notePull), Effect.tapError(noteFailure("pull")))
