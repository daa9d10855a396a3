/** What the commands of the local history run on: where things are, and the database, which is made where there is none. */

import { Effect, Layer } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { Entropy } from "../platform/Entropy.ts"
import { Paths } from "../platform/Paths.ts"

export const layer = Layer.unwrapEffect(Effect.map(Paths, (paths) => HistoryDb.layer(paths.database))).pipe(
  Layer.provideMerge(Layer.merge(Paths.layer, Entropy.layer))
)
