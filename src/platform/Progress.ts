/** How far a long operation is. Whoever works reports to a meter; whether anything is shown is decided by the layer. */

import { Context, type Effect, Layer } from "effect"

/** Plain functions, so that hot loops and callbacks of foreign libraries can call them. */
export interface Meter {
  /** There is this much more to do: objects (entries, files), and bytes where they are known. */
  readonly expect: (objects: number, bytes?: number) => void
  /** This much more is done. */
  readonly advance: (objects: number, bytes?: number) => void
}

export interface ProgressService {
  /** Runs the work with a meter; `title` says what is being done ("Pushing"), `unit` what the objects are ("segments"). */
  readonly during: <A, E, R>(
    title: string,
    unit: string,
    work: (meter: Meter) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

export class Progress extends Context.Tag("hx/Progress")<Progress, ProgressService>() {
  /** Shows nothing: no terminal, or --json. */
  static readonly layerSilent = Layer.succeed(Progress, {
    during: <A, E, R>(_title: string, _unit: string, work: (meter: Meter) => Effect.Effect<A, E, R>) =>
      work(silentMeter)
  })
}

export const silentMeter: Meter = { expect: () => {}, advance: () => {} }
