/** The entries that ran longest: of each stretch only what is longer than the shortest of those found before it. */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import type { Entry } from "../domain/Entry.ts"
import { type Connection, rows } from "./Connection.ts"
import { entriesAt } from "./FindQuery.ts"

export const longestOf = (connection: Connection, filters: Fragment, size: number) => {
  const { sql } = connection
  let found: ReadonlyArray<readonly [seq: number, duration: number]> = []
  return {
    /** Stretches come in ascending order. */
    add: Effect.fnUntraced(function* (stretch: Fragment): Effect.fn.Return<void, SqlError> {
      if (size === 0) return
      const more = yield* rows<readonly [number, number]>(sql`
        SELECT e.seq, e.duration FROM entries e NOT INDEXED
        WHERE ${filters} AND ${stretch} AND e.duration > ${found[size - 1]?.[1] ?? -1}
        ORDER BY e.duration DESC, e.seq LIMIT ${size}`)
      if (more.length > 0) found = [...found, ...more].sort(([, a], [, b]) => b - a).slice(0, size)
    }),
    get entries(): Effect.Effect<ReadonlyArray<Entry>, SqlError> {
      return entriesAt(
        connection,
        found.map(([seq]) => seq)
      )
    }
  }
}
