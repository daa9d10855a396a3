/** One push, pull, init or reset at a time on one data directory. */

import { Context, Duration, Effect, Layer, type Scope } from "effect"
import { acquireLock, type LockError } from "../platform/FileLock.ts"
import { Paths } from "../platform/Paths.ts"

/** How long a command waits for another one to end before it says so. */
const PATIENCE = Duration.seconds(10)

export class DeviceLock extends Context.Tag("hx/DeviceLock")<
  DeviceLock,
  { readonly hold: Effect.Effect<void, LockError, Scope.Scope> }
>() {
  static readonly layer = Layer.effect(
    DeviceLock,
    Effect.map(Paths, (paths) => ({ hold: acquireLock(paths.lock, PATIENCE) }))
  )

  /** For tests in one process: nothing to exclude. */
  static readonly layerNone = Layer.succeed(DeviceLock, { hold: Effect.void })
}

export const underLock = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(DeviceLock, (lock) => Effect.zipRight(lock.hold, effect)))
