/** The texts of commands that were counted, page by page. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Connection, rows } from "./Connection.ts"
import type { CountRequest } from "./HistoryQueries.ts"
import type { Numbers } from "./PackedCounts.ts"

/** Numbers of commands in a page. */
const PAGE = 20_000

/** Tells of each command with its counts; gives their number. */
export const visitCommands = Effect.fnUntraced(function* (
  { sql }: Connection,
  numbers: Numbers,
  visit: CountRequest["command"]
): Effect.fn.Return<number, SqlError> {
  let different = 0
  for (let first = 0; first < numbers.commands; first += PAGE) {
    const wanted: Array<number> = []
    for (let command = first; command < first + PAGE; command++) if (numbers.of(command).runs > 0) wanted.push(command)
    if (wanted.length === 0) continue
    // Texts in one array: a row for each would cost ten times as much.
    const page =
      wanted.length * 4 > PAGE
        ? sql`SELECT id, text FROM commands WHERE id BETWEEN ${first} AND ${first + PAGE - 1} ORDER BY id`
        : sql`
            SELECT c.id, c.text FROM json_each(${JSON.stringify(wanted)}) j CROSS JOIN commands c ON c.id = j.value`
    for (const [ids, texts] of yield* rows<readonly [string, string]>(
      sql`SELECT json_group_array(id), json_group_array(text) FROM (${page})`
    )) {
      const named = JSON.parse(texts) as ReadonlyArray<string>
      for (const [index, id] of (JSON.parse(ids) as ReadonlyArray<number>).entries()) {
        const counts = numbers.of(id)
        if (counts.runs === 0) continue
        different++
        visit(named[index]!, counts)
      }
    }
  }
  return different
})
