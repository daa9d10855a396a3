/** How many entries there are, and of what kind. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Connection, rows } from "./Connection.ts"
import type { Summary } from "./HistoryQueries.ts"

export const summarize = ({ sql }: Connection): Effect.Effect<Summary, SqlError> =>
  Effect.map(
    rows<readonly [number, number, number, number | null, number | null]>(sql`
      SELECT
        (SELECT count(*) FROM entries WHERE shadowed = 0),
        (SELECT count(*) FROM entries),
        (SELECT count(DISTINCT command) FROM entries WHERE shadowed = 0),
        (SELECT min(start) FROM entries),
        (SELECT max(start) FROM entries)`),
    ([[entries, all, commands, first, last] = [0, 0, 0, null, null]]) => ({
      entries,
      shadowed: all - entries,
      commands,
      first,
      last
    })
  )
