/**
 * Entries by host and shell. Long stretches of a history are of one host and one shell: whether that is so costs little to ask, and only where it
 * is not are they grouped.
 */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import { type Connection, rows, scalar } from "./Connection.ts"

type Place = readonly [host: number | null, shell: number | null, count: number]

export const placesOf = ({ sql }: Connection, filters: Fragment) => {
  const counted = new Map<string, Place>()
  const add = ([host, shell, n]: Place): void => {
    const key = `${host} ${shell}`
    counted.set(key, [host, shell, n + (counted.get(key)?.[2] ?? 0)])
  }
  return {
    get counted(): ReadonlyArray<Place> {
      return Array.from(counted.values())
    },
    /** The entries of a stretch; `all`: how many they are. */
    add: Effect.fnUntraced(function* (stretch: Fragment, all: number): Effect.fn.Return<void, SqlError> {
      const entries = sql`FROM entries e NOT INDEXED WHERE ${filters} AND ${stretch}`
      const [first] = yield* rows<readonly [number | null, number | null]>(
        sql`SELECT e.host, e.shell ${entries} LIMIT 1`
      )
      if (first === undefined) return
      const others = yield* scalar(sql`
        SELECT 1 ${entries} AND (e.host IS NOT ${first[0]} OR e.shell IS NOT ${first[1]}) LIMIT 1`)
      if (others === undefined) return add([...first, all])
      const groups = yield* rows<Place>(sql`SELECT e.host, e.shell, count(*) ${entries} GROUP BY e.host, e.shell`)
      groups.forEach(add)
    })
  }
}
