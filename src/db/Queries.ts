/** HistoryQueries over the connection. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option } from "effect"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetWindow } from "../domain/ForgetRule.ts"
import { type Connection, rows, scalar } from "./Connection.ts"
import { count } from "./Counts.ts"
import { dbError } from "./DbError.ts"
import { hashOf } from "./Dictionary.ts"
import { entriesOf, entryColumns, type EntryRow } from "./EntryRows.ts"
import { filtersOf, findEntries } from "./FindQuery.ts"
import type { CountRequest, FindQuery, HistoryQueries, Page, PageRequest } from "./HistoryQueries.ts"
import { underWindows } from "./Rules.ts"
import { importedNeighbours } from "./Shadow.ts"
import { summarize } from "./Summary.ts"

export const makeQueries = (connection: Connection): HistoryQueries => {
  const failing = Effect.mapError(dbError(connection.path))
  return {
    find: Effect.fn("HistoryQueries.find")((query: FindQuery) => findEntries(connection, query).pipe(failing)),
    summary: summarize(connection).pipe(failing, Effect.withSpan("HistoryQueries.summary")),
    counts: Effect.fn("HistoryQueries.counts")((request: CountRequest) => count(connection, request).pipe(failing)),
    newestSession: Effect.fn("HistoryQueries.newestSession")((except: ReadonlyArray<string>) =>
      newestSession(connection, except).pipe(failing)
    ),
    session: Effect.fn("HistoryQueries.session")((session: string, limit: number) =>
      Effect.map(findEntries(connection, { words: [], session, limit }), (found) => found.toReversed()).pipe(failing)
    ),
    withPrefix: Effect.fn("HistoryQueries.withPrefix")((prefix: string, limit: number) =>
      withPrefix(connection, prefix, limit).pipe(failing)
    ),
    page: Effect.fn("HistoryQueries.page")((request: PageRequest) => page(connection, request).pipe(failing)),
    entries: Effect.fn("HistoryQueries.entries")((ids: ReadonlyArray<EntryId>) =>
      entriesById(connection, ids).pipe(failing)
    ),
    shadowed: Effect.map(
      scalar<number>(connection.sql`SELECT count(*) FROM entries WHERE shadowed = 1`),
      (shadowed) => shadowed ?? 0
    ).pipe(failing, Effect.withSpan("HistoryQueries.shadowed")),
    twinsOf: Effect.fn("HistoryQueries.twinsOf")((ids: ReadonlyArray<EntryId>) =>
      twinsOf(connection, ids).pipe(failing)
    ),
    underWindow: Effect.fn("HistoryQueries.underWindow")((window: ForgetWindow) =>
      underWindows(connection, [[window.from, window.to, window.device ?? ""]]).pipe(failing)
    )
  }
}

const newestSession = Effect.fnUntraced(function* (
  { sql }: Connection,
  except: ReadonlyArray<string>
): Effect.fn.Return<Option.Option<string>, SqlError> {
  const numbers = yield* rows<readonly [number]>(sql`
    SELECT t.id FROM json_each(${JSON.stringify(except.map((text) => [hashOf(text), text]))}) j
    CROSS JOIN terms t ON t.hash = j.value ->> 0 AND t.text = j.value ->> 1`)
  // Without this, a history that was only imported would be read from end to end in search of a session.
  if ((yield* scalar(sql`SELECT 1 FROM entries WHERE session IS NOT NULL LIMIT 1`)) === undefined) return Option.none()
  return Option.fromNullable(
    yield* scalar<string>(sql`
      SELECT t.text FROM entries e CROSS JOIN terms t ON t.id = e.session
      WHERE e.session IS NOT NULL AND e.shadowed = 0
        AND e.session NOT IN (SELECT value FROM json_each(${JSON.stringify(numbers.map(([id]) => id))}))
      ORDER BY e.start DESC, e.seq DESC LIMIT 1`)
  )
})

const withPrefix = (connection: Connection, prefix: string, limit: number) =>
  Effect.flatMap(
    rows<EntryRow>(connection.sql`
      SELECT ${entryColumns(connection)} FROM entries e
      WHERE e.id BETWEEN unhex(${prefix.padEnd(32, "0")}) AND unhex(${prefix.padEnd(32, "f")})
      ORDER BY e.id LIMIT ${limit}`),
    (found) => entriesOf(connection, found)
  )

/** By the index on start, where unknown ones come first: two stretches, each of which a cursor can go on in. */
const page = Effect.fnUntraced(function* (
  connection: Connection,
  { cursor, limit, ...filters }: PageRequest
): Effect.fn.Return<Page, SqlError> {
  const { sql } = connection
  const stretch = (undated: boolean) => {
    if (cursor === null || (cursor.start === null) !== undated) {
      return undated ? sql`e.start IS NULL` : sql`e.start IS NOT NULL`
    }
    return undated
      ? sql`e.start IS NULL AND e.seq > ${cursor.seq}`
      : sql`(e.start, e.seq) > (${cursor.start}, ${cursor.seq})`
  }
  const read = (undated: boolean, most: number) =>
    rows<readonly [number, ...EntryRow]>(sql`
      SELECT e.seq, ${entryColumns(connection)} FROM entries e
      WHERE ${filtersOf(connection, filters)} AND ${stretch(undated)} ORDER BY e.start, e.seq LIMIT ${most}`)
  const undated = cursor === null || cursor.start === null ? yield* read(true, limit) : []
  const dated = undated.length < limit ? yield* read(false, limit - undated.length) : []
  const found = [...undated, ...dated]
  const end = found.at(-1)
  return {
    entries: yield* entriesOf(
      connection,
      found.map(([, ...row]) => row)
    ),
    next: end === undefined || found.length < limit ? null : { start: end[2], seq: end[0] }
  }
})

const entriesById = Effect.fnUntraced(function* (
  connection: Connection,
  ids: ReadonlyArray<EntryId>
): Effect.fn.Return<ReadonlyArray<{ readonly entry: Entry; readonly shadowed: boolean }>, SqlError> {
  const found = yield* rows<readonly [number, ...EntryRow]>(connection.sql`
    SELECT e.shadowed, ${entryColumns(connection)} FROM json_each(${JSON.stringify(ids)}) j
    CROSS JOIN entries e ON e.id = unhex(j.value)`)
  const entries = yield* entriesOf(
    connection,
    found.map(([, ...row]) => row)
  )
  return entries.map((entry, index) => ({ entry, shadowed: found[index]![0] === 1 }))
})

const twinsOf = Effect.fnUntraced(function* (
  connection: Connection,
  ids: ReadonlyArray<EntryId>
): Effect.fn.Return<ReadonlyArray<EntryId>, SqlError> {
  const seqs = yield* rows<readonly [number]>(connection.sql`
    SELECT e.seq FROM json_each(${JSON.stringify(ids)}) j CROSS JOIN entries e ON e.id = unhex(j.value)`)
  const neighbours = yield* importedNeighbours(
    connection,
    seqs.map(([seq]) => seq)
  )
  const found = yield* rows<readonly [EntryId]>(connection.sql`
    SELECT DISTINCT lower(hex(e.id)) FROM json_each(${JSON.stringify(neighbours)}) j CROSS JOIN entries e ON e.seq = j.value`)
  return found.map(([id]) => id)
})
