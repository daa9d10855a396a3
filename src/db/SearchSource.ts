/**
 * What `hx search` reads: rows of numbers, a page at a time, and the texts of what is shown. A connection of its own that writes nothing and is open
 * within a millisecond or two; whatever has to be made or migrated first is HistoryDb's business.
 *
 * Its functions are called between two keys and answer at once, so they are plain ones; what they throw, `reading` turns into a DbError.
 */

import Database from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { existsSync } from "node:fs"
import { type DbError, fromSqlite } from "./DbError.ts"
import { hashOf } from "./Dictionary.ts"
import { trigramQuery } from "./Matching.ts"
import { APPLICATION_ID, migrations } from "./Schema.ts"

/** seq, command, cwd, session, host, exit, start. */
export type RunRow = readonly [
  seq: number,
  command: number,
  cwd: number | null,
  session: number | null,
  host: number | null,
  exit: number | null,
  start: number | null
]

/** What an entry says beside its command. */
export interface Details {
  readonly id: string
  readonly start: number | null
  readonly duration: number | null
  readonly exit: number | null
  readonly cwd: string | null
  readonly session: string | null
  readonly host: string | null
  readonly shell: string | null
  readonly origin: string
}

export interface SearchSource {
  /** The newest, those without a time last. */
  readonly newest: (limit: number) => ReadonlyArray<RunRow>
  /** Those taken in before this row number, the last of them first. */
  readonly before: (seq: number, limit: number) => ReadonlyArray<RunRow>
  /** Those taken in after this row number, the first of them first. */
  readonly after: (seq: number, limit: number) => ReadonlyArray<RunRow>
  /** Commands with all of these words, so far as the trigram index tells; undefined where they are more than that, or it cannot tell. */
  readonly holding: (words: ReadonlyArray<string>, most: number) => ReadonlyArray<number> | undefined
  /** The runs of these commands, at most so many. */
  readonly runsOf: (commands: ReadonlyArray<number>, limit: number) => ReadonlyArray<RunRow>
  /** Of those that are not forgotten. */
  readonly texts: (commands: ReadonlyArray<number>) => ReadonlyArray<readonly [command: number, text: string]>
  readonly details: (seq: number) => Details | undefined
  /** The dictionary's number of a text; 0 where nothing has it. */
  readonly term: (text: string) => number
  /** Those of this directory and all below it that something ran in. */
  readonly termsUnder: (directory: string) => ReadonlySet<number>
  /** Whether this device ran the command at some time. */
  readonly ranHere: (command: number) => boolean
  /** The ids of all its runs, shadowed ones too. */
  readonly idsOf: (command: number) => ReadonlyArray<string>
}

/** The database in this file; undefined where there is none yet, or one that has to be migrated. Closed with the scope. */
export const openSearchSource = (path: string): Effect.Effect<SearchSource | undefined, DbError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      reading(path, () => open(path)),
      (database) => Effect.sync(() => database?.close())
    ),
    (database) => (database === undefined ? undefined : makeSource(database))
  )

export const reading = <A>(path: string, read: () => A): Effect.Effect<A, DbError> =>
  Effect.try({ try: read, catch: (cause) => fromSqlite(path, cause) })

const open = (path: string): Database.Database | undefined => {
  if (!existsSync(path)) return undefined
  const database = new Database(path, { fileMustExist: true, timeout: 1_000 })
  try {
    database.pragma("query_only = ON")
    database.pragma("cache_size = -16384")
    const ours = database.pragma("application_id", { simple: true }) === APPLICATION_ID
    if (ours && database.pragma("user_version", { simple: true }) === migrations.length) return database
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return undefined
}

const COLUMNS = "seq, command, cwd, session, host, exit, start"

const makeSource = (database: Database.Database): SearchSource => {
  const lazily = (text: string) => {
    let statement: Database.Statement | undefined
    return () => (statement ??= database.prepare(text).raw())
  }
  const newest = lazily(`SELECT ${COLUMNS} FROM entries WHERE shadowed = 0 ORDER BY start DESC, seq DESC LIMIT ?`)
  const before = lazily(`SELECT ${COLUMNS} FROM entries WHERE seq < ? AND shadowed = 0 ORDER BY seq DESC LIMIT ?`)
  const after = lazily(`SELECT ${COLUMNS} FROM entries WHERE seq > ? AND shadowed = 0 ORDER BY seq LIMIT ?`)
  const holding = lazily(`SELECT rowid FROM commands_fts WHERE commands_fts MATCH ? LIMIT ?`)
  const runsOf = lazily(`
    SELECT ${COLUMNS.replaceAll(/\w+/g, "e.$&")} FROM json_each(?) j CROSS JOIN entries e ON e.command = j.value
    WHERE e.shadowed = 0 LIMIT ?`)
  const texts = lazily(`SELECT c.id, c.text FROM json_each(?) j CROSS JOIN commands c ON c.id = j.value
    WHERE c.hash IS NOT NULL`)
  const term = lazily(`SELECT id FROM terms WHERE hash = ? AND text = ?`)
  const under = lazily(`SELECT id FROM terms WHERE hash IS NOT NULL AND (text = ? OR substr(text, 1, ?) = ?)`)
  const details = lazily(`
    SELECT lower(hex(e.id)), e.start, e.duration, e.exit, w.text, s.text, h.text, l.text, o.text FROM entries e
    LEFT JOIN terms w ON w.id = e.cwd LEFT JOIN terms s ON s.id = e.session LEFT JOIN terms h ON h.id = e.host
    LEFT JOIN terms l ON l.id = e.shell JOIN terms o ON o.id = e.origin WHERE e.seq = ?`)
  const own = lazily(`
    SELECT t.id FROM meta m CROSS JOIN terms t ON t.hash = ? AND t.text = m.value WHERE m.key = 'device'`)
  const ran = lazily(`
    SELECT 1 FROM entries e WHERE e.command = ? AND (e.device = ? OR EXISTS (
      SELECT 1 FROM captures c WHERE c.entry = e.seq AND c.device = ?
    )) LIMIT 1`)
  const ids = lazily(`SELECT lower(hex(id)) FROM entries WHERE command = ?`)
  const device = lazily(`SELECT value FROM meta WHERE key = 'device'`)
  return {
    newest: (limit) => newest().all(limit) as Array<RunRow>,
    before: (seq, limit) => before().all(seq, limit) as Array<RunRow>,
    after: (seq, limit) => after().all(seq, limit) as Array<RunRow>,
    holding: (words, most) => {
      const trigrams = trigramQuery(words)
      if (trigrams === null) return undefined
      const found = holding().all(trigrams, most + 1) as Array<[number]>
      return found.length > most ? undefined : found.map(([id]) => id)
    },
    runsOf: (commands, limit) => runsOf().all(JSON.stringify(commands), limit) as Array<RunRow>,
    texts: (commands) => texts().all(JSON.stringify(commands)) as Array<readonly [number, string]>,
    term: (text) => (term().get(hashOf(text), text) as [number] | undefined)?.[0] ?? 0,
    termsUnder: (directory) => {
      const prefix = directory.endsWith("/") ? directory : `${directory}/`
      const found = under().all(directory, Array.from(prefix).length, prefix) as Array<[number]>
      return new Set(found.map(([id]) => id))
    },
    details: (seq) => {
      const row = details().get(seq) as DetailsRow | undefined
      if (row === undefined) return undefined
      const [id, start, duration, exit, cwd, session, host, shell, origin] = row
      return { id, start, duration, exit, cwd, session, host, shell, origin }
    },
    ranHere: (command) => {
      const id = (device().get() as [string] | undefined)?.[0] ?? ""
      const term = (own().get(hashOf(id)) as [number] | undefined)?.[0]
      return term !== undefined && ran().get(command, term, term) !== undefined
    },
    idsOf: (command) => (ids().all(command) as Array<[string]>).map(([id]) => id)
  }
}

type DetailsRow = readonly [
  id: string,
  start: number | null,
  duration: number | null,
  exit: number | null,
  cwd: string | null,
  session: string | null,
  host: string | null,
  shell: string | null,
  origin: string
]
