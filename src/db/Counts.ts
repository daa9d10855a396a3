/**
 * What statistics are made of, in one pass over the entries: stretch by stretch of row numbers, so that memory stays bounded.
 *
 * A row that SQLite hands over costs more than all the counting, and GROUP BY sorts what it groups. So a stretch leaves SQLite as two arrays in
 * JSON (PackedCounts.ts), numbers of the dictionaries alone, and is counted here; texts are looked up afterwards, each once.
 */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import { type Connection, rows, scalar } from "./Connection.ts"
import { visitCommands } from "./CountedCommands.ts"
import { textsOf } from "./Dictionary.ts"
import { filtersOf } from "./FindQuery.ts"
import type { CountRequest, Counts, Tally } from "./HistoryQueries.ts"
import { longestOf } from "./Longest.ts"
import { Numbers, packedEntry, QUARTER } from "./PackedCounts.ts"
import { placesOf } from "./Places.ts"

/** Row numbers in a stretch. */
const STRETCH = 100_000

export const count = Effect.fnUntraced(function* (
  connection: Connection,
  request: CountRequest
): Effect.fn.Return<Counts, SqlError> {
  const { sql } = connection
  const last = (yield* scalar<number | null>(sql`SELECT max(seq) FROM entries`)) ?? 0
  const filters = filtersOf(connection, filtersIn(request))
  const numbers = new Numbers(Math.floor(request.recent / QUARTER))
  const places = placesOf(connection, filters)
  const longest = longestOf(connection, filters, request.longest)
  for (let seq = 0; seq <= last; seq += STRETCH) {
    const stretch = sql`e.seq BETWEEN ${seq} AND ${seq + STRETCH - 1}`
    const counted = numbers.entries
    for (const [commands, moments] of yield* rows<readonly [string, string]>(
      sql`SELECT ${packedEntry(connection)} FROM entries e NOT INDEXED WHERE ${filters} AND ${stretch}`
    )) {
      numbers.add(JSON.parse(commands) as ReadonlyArray<number>, JSON.parse(moments) as ReadonlyArray<number>)
    }
    yield* places.add(stretch, numbers.entries - counted)
    yield* longest.add(stretch)
  }
  const commands = yield* visitCommands(connection, numbers, request.command)
  return {
    ...numbers.totals,
    ...(yield* ends(connection, filters, numbers.quarters)),
    shadowed: yield* shadowedOf(connection, request, numbers.entries),
    commands,
    directories: yield* named(connection, numbers.directories),
    ...(yield* placeNames(connection, places.counted)),
    quarters: numbers.quarters,
    longest: yield* longest.entries
  }
})

const filtersIn = ({ after, before, cwd, host, session }: CountRequest) => ({
  ...(after === undefined ? {} : { after }),
  ...(before === undefined ? {} : { before }),
  ...(cwd === undefined ? {} : { cwd }),
  ...(host === undefined ? {} : { host }),
  ...(session === undefined ? {} : { session })
})

/** The exact moments of the oldest and the newest entry: they lie in the first and the last quarter. */
const ends = Effect.fnUntraced(function* (
  { sql }: Connection,
  filters: Fragment,
  quarters: ReadonlyMap<number, number>
): Effect.fn.Return<Pick<Counts, "first" | "last">, SqlError> {
  let [oldest, newest] = [Infinity, -Infinity]
  for (const quarter of quarters.keys()) {
    oldest = Math.min(oldest, quarter)
    newest = Math.max(newest, quarter)
  }
  if (quarters.size === 0) return { first: null, last: null }
  const within = (quarter: number) =>
    sql`${filters} AND e.start >= ${quarter * QUARTER} AND e.start < ${(quarter + 1) * QUARTER}`
  const first = yield* scalar<number | null>(sql`SELECT min(e.start) FROM entries e WHERE ${within(oldest)}`)
  const last = yield* scalar<number | null>(sql`SELECT max(e.start) FROM entries e WHERE ${within(newest)}`)
  return { first: first ?? null, last: last ?? null }
})

/** Without filters all that is not visible is shadowed: SQLite knows the number of all rows without reading them. */
const shadowedOf = (connection: Connection, request: CountRequest, visible: number) => {
  const filters = filtersIn(request)
  const { sql } = connection
  return Object.keys(filters).length === 0
    ? Effect.map(scalar<number>(sql`SELECT count(*) FROM entries`), (all) => Math.max(0, (all ?? 0) - visible))
    : Effect.map(
        scalar<number>(sql`SELECT count(*) FROM entries e WHERE ${filtersOf(connection, filters, "shadowed")}`),
        (shadowed) => shadowed ?? 0
      )
}

const named = (connection: Connection, counted: ReadonlyMap<number, number>): Effect.Effect<Tally, SqlError> =>
  Effect.map(textsOf(connection, "terms", new Set(counted.keys())), (texts) =>
    tally(Array.from(counted, ([number, n]) => [texts.get(number) ?? null, n]))
  )

const placeNames = Effect.fnUntraced(function* (
  connection: Connection,
  counted: ReadonlyArray<readonly [host: number | null, shell: number | null, n: number]>
): Effect.fn.Return<Pick<Counts, "hosts" | "shells">, SqlError> {
  const numbers = counted.flatMap(([host, shell]) => [host, shell]).filter((number) => number !== null)
  const texts = yield* textsOf(connection, "terms", new Set(numbers))
  const text = (number: number | null) => (number === null ? null : (texts.get(number) ?? null))
  return {
    hosts: tally(counted.map(([host, , n]) => [text(host), n])),
    shells: tally(counted.map(([, shell, n]) => [text(shell), n]))
  }
})

/** Of equals those that come first in the alphabet, the unknown one last. */
const tally = (counted: ReadonlyArray<readonly [string | null, number]>): Tally => {
  const sums = new Map<string | null, number>()
  for (const [value, n] of counted) sums.set(value, (sums.get(value) ?? 0) + n)
  return Array.from(sums).sort(
    ([one, a], [other, b]) => b - a || (one === null ? 1 : other === null || one < other ? -1 : 1)
  )
}
