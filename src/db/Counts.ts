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
  const places = yield* rows<readonly [string | null, string | null, number, number, number]>(sql`
    SELECT h.text, s.text, g.n, g.finished, g.failed FROM (
      SELECT host, shell, count(*) AS n, count(exit) AS finished, coalesce(sum(exit <> 0), 0) AS failed
      FROM entries WHERE shadowed = 0 GROUP BY host, shell
    ) g LEFT JOIN terms h ON h.id = g.host LEFT JOIN terms s ON s.id = g.shell`)
  return {
    commands: yield* rows<readonly [string, number]>(sql`
      SELECT c.text, g.n FROM (
        SELECT command, count(*) AS n FROM entries WHERE shadowed = 0 GROUP BY command
      ) g CROSS JOIN commands c ON c.id = g.command`),
    hosts: tally(places.map(([host, , n]) => [host, n])),
    shells: tally(places.map(([, shell, n]) => [shell, n])),
    directories: yield* rows<readonly [string, number]>(sql`
      SELECT t.text, g.n FROM (
        SELECT cwd, count(*) AS n FROM entries WHERE cwd IS NOT NULL AND shadowed = 0 GROUP BY cwd
        ORDER BY n DESC LIMIT 100
      ) g CROSS JOIN terms t ON t.id = g.cwd ORDER BY g.n DESC, t.text`),
    quarters: yield* quarters(connection),
    finished: places.reduce((sum, [, , , finished]) => sum + finished, 0),
    failed: places.reduce((sum, [, , , , failed]) => sum + failed, 0)
  }
})

const tally = (counted: ReadonlyArray<readonly [string | null, number]>): Tally => {
  const sums = new Map<string | null, number>()
  for (const [value, n] of counted) sums.set(value, (sums.get(value) ?? 0) + n)
  return Array.from(sums).sort(([, a], [, b]) => b - a)
}

/** All entries by the index on start, less the few that are shadowed: that index alone tells nothing of them. */
const quarters = Effect.fnUntraced(function* ({ sql }: Connection): Effect.fn.Return<Counts["quarters"], SqlError> {
  const shadowed = new Map(
    yield* rows<readonly [number, number]>(sql`
      SELECT start / 900000000 AS quarter, count(*) FROM entries WHERE shadowed = 1 GROUP BY quarter`)
  )
  const all = yield* rows<readonly [number, number]>(sql`
    SELECT start / 900000000 AS quarter, count(*) FROM entries WHERE start IS NOT NULL GROUP BY quarter ORDER BY quarter`)
  return all.flatMap(([quarter, n]) => {
    const visible = n - (shadowed.get(quarter) ?? 0)
    return visible > 0 ? [[quarter, visible] as const] : []
  })
})
