/**
 * Finding commands, newest first, in a few milliseconds whether a word is in one command of a million entries or in half of them:
 *
 * 1. Few commands match (the trigram index tells), and they have few entries: those entries, sorted.
 * 2. Otherwise what is looked for is probably among the newest entries: a look through some of them.
 * 3. Not enough there: all commands that match, and the newest of all their entries.
 */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import type { Entry } from "../domain/Entry.ts"
import { type Connection, rows } from "./Connection.ts"
import { hashOf } from "./Dictionary.ts"
import { entriesOf, entryColumns, type EntryRow } from "./EntryRows.ts"
import type { Filters, FindQuery } from "./HistoryQueries.ts"
import { likePatterns, matcher, trigramQuery } from "./Matching.ts"

export const findEntries = Effect.fnUntraced(function* (
  connection: Connection,
  query: FindQuery
): Effect.fn.Return<ReadonlyArray<Entry>, SqlError> {
  if (query.limit <= 0) return []
  const words = query.words.filter((word) => word !== "")
  if (words.length === 0) return yield* newest(connection, query)
  const wanted: Wanted = { like: likeOf(connection, words), trigrams: trigramQuery(words), matches: matcher(words) }
  const few = yield* fewCommands(connection, wanted)
  if (few !== null && (few.length === 0 || (yield* haveFewEntries(connection, few)))) {
    return yield* newestOf(connection, query, few)
  }
  const recent = yield* lookThrough(connection, query, wanted)
  if (recent !== null) return recent
  return yield* newestOf(connection, query, few ?? (yield* allCommands(connection, wanted)))
})

interface Wanted {
  /** A condition on commands under the alias `c`, and an FTS5 query: neither loses a match, both let others through. */
  readonly like: Fragment
  readonly trigrams: string | null
  readonly matches: (command: string) => boolean
}

const likeOf = ({ sql }: Connection, words: ReadonlyArray<string>): Fragment =>
  sql.and(likePatterns(words).map((pattern) => sql`c.text LIKE ${pattern} ESCAPE '\\'`))

/** The conditions on entries under the alias `e`. */
export const filtersOf = (
  { sql }: Connection,
  filters: Filters,
  which: "visible" | "shadowed" = "visible"
): Fragment => {
  const term = (text: string) => sql`(SELECT id FROM terms WHERE hash = ${hashOf(text)} AND text = ${text})`
  const conditions = [which === "visible" ? sql`e.shadowed = 0` : sql`e.shadowed = 1`]
  if (filters.after !== undefined) conditions.push(sql`e.start >= ${filters.after}`)
  if (filters.before !== undefined) conditions.push(sql`e.start < ${filters.before}`)
  if (filters.exit !== undefined) conditions.push(sql`e.exit = ${filters.exit}`)
  if (filters.cwd !== undefined) conditions.push(sql`e.cwd = ${term(filters.cwd)}`)
  if (filters.host !== undefined) conditions.push(sql`e.host = ${term(filters.host)}`)
  if (filters.session !== undefined) conditions.push(sql`e.session = ${term(filters.session)}`)
  return sql.and(conditions)
}

const newest = (connection: Connection, query: FindQuery) =>
  Effect.flatMap(
    rows<EntryRow>(connection.sql`
      SELECT ${entryColumns(connection)} FROM entries e WHERE ${filtersOf(connection, query)}
      ORDER BY e.start DESC, e.seq DESC LIMIT ${limitOf(query)}`),
    (found) => entriesOf(connection, found)
  )

/** SQLite's word for no limit is a negative one. */
const limitOf = ({ limit }: FindQuery): number => (Number.isFinite(limit) ? limit : -1)

const FEW_COMMANDS = 600
const FEW_ENTRIES = 3_000

/** The commands that match, or null where the index has more to offer than can be tried. */
const fewCommands = ({ sql }: Connection, { matches, trigrams }: Wanted) =>
  trigrams === null
    ? Effect.succeed(null)
    : Effect.map(
        rows<readonly [number, string]>(sql`
          SELECT c.id, c.text FROM commands_fts CROSS JOIN commands c ON c.id = commands_fts.rowid
          WHERE commands_fts MATCH ${trigrams} LIMIT ${FEW_COMMANDS + 1}`),
        (found) => (found.length > FEW_COMMANDS ? null : found.flatMap(([id, text]) => (matches(text) ? [id] : [])))
      )

const haveFewEntries = ({ sql }: Connection, commands: ReadonlyArray<number>) =>
  Effect.map(
    rows<readonly [number]>(sql`
      SELECT count(*) FROM (
        SELECT 1 FROM json_each(${JSON.stringify(commands)}) j CROSS JOIN entries e ON e.command = j.value
        LIMIT ${FEW_ENTRIES + 1}
      )`),
    ([[count] = [0]]) => count <= FEW_ENTRIES
  )

const newestOf = (connection: Connection, query: FindQuery, commands: ReadonlyArray<number>) =>
  commands.length === 0
    ? Effect.succeed<ReadonlyArray<Entry>>([])
    : Effect.flatMap(
        rows<EntryRow>(connection.sql`
          SELECT ${entryColumns(connection)} FROM (
            SELECT e.seq FROM json_each(${JSON.stringify(commands)}) j CROSS JOIN entries e ON e.command = j.value
            WHERE ${filtersOf(connection, query)} ORDER BY e.start DESC, e.seq DESC LIMIT ${limitOf(query)}
          ) w CROSS JOIN entries e ON e.seq = w.seq ORDER BY e.start DESC, e.seq DESC`),
        (found) => entriesOf(connection, found)
      )

/** Numbers of the newest entries looked through, step by step. */
const STEPS = [1_000, 4_000, 12_000]

/** As many matches as were asked for from among the newest entries, or all there are; null where it would take longer to tell. */
const lookThrough = Effect.fnUntraced(function* (
  connection: Connection,
  query: FindQuery,
  { like, matches }: Wanted
): Effect.fn.Return<ReadonlyArray<Entry> | null, SqlError> {
  const { sql } = connection
  const found: Array<number> = []
  let undated = false
  let position = sql`e.start IS NOT NULL`
  for (const step of STEPS) {
    // The last of the step tells where the next begins, match or not.
    const page = yield* rows<readonly [number, number, number, string | null]>(sql`
      WITH step AS MATERIALIZED (
        SELECT e.seq, e.start, e.command, row_number() OVER () AS place FROM (
          SELECT e.seq, e.start, e.command FROM entries e
          WHERE ${filtersOf(connection, query)} AND ${position} ORDER BY e.start DESC, e.seq DESC LIMIT ${step}
        ) e
      )
      SELECT s.seq, s.start, s.place, iif(${like}, c.text, NULL) FROM step s CROSS JOIN commands c ON c.id = s.command
      WHERE s.place = ${step} OR ${like} ORDER BY s.place`)
    for (const [seq, , , text] of page) {
      if (text !== null && matches(text) && found.push(seq) === query.limit) return yield* entriesAt(connection, found)
    }
    const end = page.at(-1)
    if (end !== undefined && end[2] === step) {
      position = undated ? sql`e.start IS NULL AND e.seq < ${end[0]}` : sql`(e.start, e.seq) < (${end[1]}, ${end[0]})`
    } else if (undated) {
      return yield* entriesAt(connection, found)
    } else {
      undated = true
      position = sql`e.start IS NULL`
    }
  }
  return null
})

/** The entries of these row numbers, in their order. */
export const entriesAt = (connection: Connection, seqs: ReadonlyArray<number>) =>
  Effect.flatMap(
    rows<EntryRow>(connection.sql`
      SELECT ${entryColumns(connection)} FROM json_each(${JSON.stringify(seqs)}) j CROSS JOIN entries e ON e.seq = j.value
      ORDER BY j.key`),
    (found) => entriesOf(connection, found)
  )

/** Every command that matches. */
const allCommands = ({ sql }: Connection, { like, matches, trigrams }: Wanted) => {
  const candidates =
    trigrams === null
      ? sql`SELECT c.id, c.text FROM commands c WHERE c.hash IS NOT NULL AND ${like}`
      : sql`
          SELECT c.id, c.text FROM commands_fts CROSS JOIN commands c ON c.id = commands_fts.rowid
          WHERE commands_fts MATCH ${trigrams} AND ${like}`
  return Effect.map(rows<readonly [number, string]>(candidates), (found) =>
    found.flatMap(([id, text]) => (matches(text) ? [id] : []))
  )
}
