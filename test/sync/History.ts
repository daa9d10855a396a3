/** What a device would show, for comparison. */

import { Effect } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { TestDevice } from "./World.ts"

/** All entries that are shown, with all their fields, newest first. */
export const historyOf = (device: TestDevice) => device.as(Effect.flatMap(HistoryDb, (db) => db.log.end))

export const commandsOf = historyOf
