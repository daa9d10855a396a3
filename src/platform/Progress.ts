/** How far a long operation is. Whoever works reports to a meter; whether anything is shown is decided by the layer. */

import { Context, type Effect, Layer } from "effect"

/** Plain functions, so that hot loops and callbacks of foreign libraries can call them. */
export interface Meter {
  /** There is this much more to do: objects (entries, files), and bytes where they are known. */
  readonly expect: (objects: number, bytes?: number) => void
  /** As far as one can tell by now, there are so many bytes in all; what was expected before is forgotten. */
  readonly estimate: (bytes: number) => void
  /** This much more is done. */
  readonly advance: (objects: number, bytes?: number) => void
  /** This much more had been done before, or cannot be done now: it counts as done, and says nothing about the speed. */
  readonly leaveOut: (objects: number) => void
}

export interface ProgressService {
  /** Runs the work with a meter; `title` says what is being done ("Pushing"), `unit` what the objects are ("entries"). */
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

export const silentMeter: Meter = { expect: () => {}, estimate: () => {}, advance: () => {}, leaveOut: () => {} }

/**
 * One thing on its way, of so many objects and bytes: told how many of its bytes have arrived, it advances the meter in step. A thing that has to be
 * sent again does not move the meter back: it stands still until there is more than there was.
 */
export const meterTransfer = (meter: Meter, objects: number, bytes: number): ((arrived: number) => void) => {
  let [objectsSeen, bytesSeen] = [0, 0]
  return (arrived) => {
    const reached = Math.min(bytes, arrived)
    if (reached < bytesSeen) return
    const objectsReached = bytes === 0 ? objects : Math.floor((objects * reached) / bytes)
    meter.advance(objectsReached - objectsSeen, reached - bytesSeen)
    objectsSeen = objectsReached
    bytesSeen = reached
  }
}
