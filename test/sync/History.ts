/** What a device knows, for comparison. */

import { Data, Effect } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import type { TestDevice } from "./World.ts"

class Rollback extends Data.TaggedError("Rollback")<{ readonly entries: ReadonlyArray<Entry> }> {}

/** All entries of a device with all their fields, by id. Reads them as a move to another store would, and undoes that. */
export const historyOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const db = yield* HistoryDb
      return yield* db
        .transaction(
          Effect.gen(function* () {
            yield* db.log.adoptForeign
            const operations = yield* db.log.read(1, 1_000_000)
            const entries = operations.flatMap((operation) => (operation.kind === "add" ? [operation.entry] : []))
            const byId = new Map(entries.map((entry) => [entry.id, { ...entry, device: "" }]))
            return yield* new Rollback({ entries: [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) as never })
          })
        )
        .pipe(Effect.catchTag("Rollback", ({ entries }) => Effect.succeed(entries)))
    })
  )

/** The commands a device knows, in alphabetical order. */
export const commandsOf = (device: TestDevice) =>
  Effect.map(historyOf(device), (entries) => entries.map((entry) => entry.command).sort())
