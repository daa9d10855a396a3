/**
 * Many rows in few statements. Half the cost of reading them out of JSON, where rows are wide; the sizes are few, so that few statements are
 * prepared and each is prepared once.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Connection } from "./Connection.ts"

/** Rows of one statement; 256 rows of 14 columns stay far below SQLite's limit of 32,766 parameters. */
const SIZES = [256, 64, 16, 4, 1]

/** `head` ends before VALUES; `shape` is one row of it, "(?, unhex(?))" say. */
export const insertRows = Effect.fnUntraced(function* (
  { sql }: Connection,
  head: string,
  shape: string,
  table: ReadonlyArray<ReadonlyArray<string | number | null>>
): Effect.fn.Return<void, SqlError> {
  let from = 0
  for (const size of SIZES) {
    if (table.length - from < size) continue
    const statement = `${head} VALUES ${Array.from({ length: size }, () => shape).join(", ")}`
    for (; table.length - from >= size; from += size) {
      const values: Array<string | number | null> = []
      for (let index = from; index < from + size; index++) for (const value of table[index]!) values.push(value)
      yield* sql.unsafe(statement, values)
    }
  }
})
