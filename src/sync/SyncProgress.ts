/** What a long push or pull tells whoever watches. The command line shows it as a bar on a terminal; everywhere else nothing listens. */

import { Context, Effect, Layer } from "effect"

export interface ProgressTotals {
  readonly objects: number
  /** Bytes; 0 where nobody knows yet. */
  readonly bytes: number
}

export class SyncProgress extends Context.Tag("hx/SyncProgress")<
  SyncProgress,
  {
    /** A phase begins: its name for people, and how much there is to do as far as is known. */
    readonly begin: (phase: string, totals: ProgressTotals) => Effect.Effect<void>
    /** So much more has been done. */
    readonly advance: (done: ProgressTotals) => Effect.Effect<void>
    /** The phase is over. */
    readonly end: Effect.Effect<void>
  }
>() {
  static readonly silent = Layer.succeed(SyncProgress, {
    begin: () => Effect.void,
    advance: () => Effect.void,
    end: Effect.void
  })
}
