/** Makes the database, or migrates it: the history as every other command opens it. */

import { Effect } from "effect"
import { HistoryDb } from "../../db/HistoryDb.ts"
import { layer } from "../HistoryLayers.ts"

export const makeReady = Effect.provide(Effect.asVoid(HistoryDb), layer)
