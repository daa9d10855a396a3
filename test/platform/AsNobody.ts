import { Effect } from "effect"

const NOBODY = 65_534

/** Whether permissions bind us at all: they do not bind root, who can give up being root for a while. */
export const asNobody = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.getuid?.() !== 0
    ? effect
    : Effect.acquireUseRelease(
        Effect.sync(() => process.seteuid?.(NOBODY)),
        () => effect,
        () => Effect.sync(() => process.seteuid?.(0))
      )
