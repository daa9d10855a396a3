/** Work that never waits (SQLite, encoding) keeps everything else of this process waiting: sockets, timers, signals. */

import { Effect } from "effect"

/** Lets them have their turn. */
export const breathe: Effect.Effect<void> = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})
