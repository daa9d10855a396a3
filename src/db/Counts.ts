/** What statistics are made of. One pass over the entries for each: a few hundred milliseconds for a million. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Connection, rows } from "./Connection.ts"
import type { Counts, Summary, Tally } from "./HistoryQueries.ts"

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

export const count = Effect.fnUntraced(function* (connection: Connection): Effect.fn.Return<Counts, SqlError> {
  const { sql } = connection
  const [[finished, failed] = [0, 0]] = yield* rows<readonly [number, number]>(sql`
    SELECT count(exit), coalesce(sum(exit <> 0), 0) FROM entries WHERE shadowed = 0`)
  return {
    commands: yield* rows<readonly [string, number]>(sql`
      SELECT c.text, g.n FROM (
        SELECT command, count(*) AS n FROM entries WHERE shadowed = 0 GROUP BY command
      ) g CROSS JOIN commands c ON c.id = g.command ORDER BY g.n DESC, c.id`),
    hosts: yield* tally(connection, "host"),
    shells: yield* tally(connection, "shell"),
    directories: (yield* tally(connection, "cwd")).filter(([directory]) => directory !== null).slice(0, 100),
    quarters: yield* rows<readonly [number, number]>(sql`
      SELECT start / 900000000 AS quarter, count(*) FROM entries WHERE shadowed = 0 AND start IS NOT NULL
      GROUP BY quarter ORDER BY quarter`),
    finished,
    failed
  }
})

const tally = ({ sql }: Connection, column: "host" | "shell" | "cwd"): Effect.Effect<Tally, SqlError> =>
  rows<readonly [string | null, number]>(sql`
    SELECT t.text, g.n FROM (
      SELECT ${sql.literal(column)} AS term, count(*) AS n FROM entries WHERE shadowed = 0 GROUP BY term
    ) g LEFT JOIN terms t ON t.id = g.term ORDER BY g.n DESC, t.text`)
