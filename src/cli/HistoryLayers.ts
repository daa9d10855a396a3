/**
 * What the commands of the local history run on: where things are, and the database, which is made where there is none. What shells have recorded in
 * the meantime is taken in first.
 */

import { Clock, Duration, Effect, Layer } from "effect"
import { join } from "node:path"
import { isWaiting } from "../capture/SpoolDirectory.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import { Entropy } from "../platform/Entropy.ts"
import { Paths } from "../platform/Paths.ts"

export const layerWithoutIngest = Layer.unwrapEffect(
  Effect.map(Paths, (paths) => HistoryDb.layer(paths.database))
).pipe(Layer.provideMerge(Layer.merge(Paths.layer, Entropy.layer)))

const takeInWaiting = (wait: Duration.DurationInput) =>
  Effect.gen(function* () {
    const { data } = yield* Paths
    const now = yield* Clock.currentTimeMillis
    if (!(yield* Effect.try(() => isWaiting(join(data, "spool"), now)))) return
    const { takeIn } = yield* Effect.promise(() => import("./TakeIn.ts"))
    yield* takeIn(wait)
  })

/** No command fails because of it, and none waits for long: what stays behind is still there the next time. */
export const layer = Layer.effectDiscard(
  Effect.catchAll(takeInWaiting(Duration.millis(500)), (error) =>
    Effect.logDebug("What shells have recorded was not taken in:", error)
  )
).pipe(Layer.provideMerge(layerWithoutIngest))

/** For what must not overlook anything, a backup or what is to be forgotten: waits for another hx, and says so where that takes too long. */
export const completeLayer = Layer.effectDiscard(
  Effect.catchAll(takeInWaiting(Duration.seconds(10)), (error) =>
    Effect.logWarning("What shells have just recorded is not in the history yet, and is left out").pipe(
      Effect.zipRight(Effect.logDebug(error))
    )
  )
).pipe(Layer.provideMerge(layerWithoutIngest))
