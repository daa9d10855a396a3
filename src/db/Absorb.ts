/**
 * Taking entries into the history: the one path for what this device captures and imports and for what other devices' logs hold.
 *
 * The outcome is a function of the set of operations known, whatever their order, their repetition and how they were cut into batches:
 * bodies under one id are joined field by field (Entry.merge), rules only ever remove, and shadowing is worked out from what is there. What
 * makes a start, a live or imported origin and an unredacted command facts of the id, and not of the body, is that ids are derived from them.
 *
 * Only operations count. So an entry recorded here that is known already and tells nothing new leaves no trace at all, not even as one more
 * capture: nobody else would hear of it.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import { type Entry, merge, MERGED_FIELDS } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import { type Connection, rows, scalar } from "./Connection.ts"
import { insertRows } from "./BulkInsert.ts"
import { sift } from "./Coverage.ts"
import { intern, sweepCommands } from "./Dictionary.ts"
import {
  entryColumns,
  type EntryRow,
  type Numbers,
  wordsOfRow,
  textsOfRows,
  toEntry,
  toRow,
  wordsOf
} from "./EntryRows.ts"
import { settlePending } from "./Finishes.ts"
import type { Absorbed } from "./HistoryDb.ts"
import { forgetIds } from "./Removal.ts"
import { importedNeighbours, shadowAdded, shadowAgain } from "./Shadow.ts"

export interface Intake {
  readonly absorbed: Absorbed
  /** What was added has row numbers above this. */
  readonly last: number
  /** Entries that were there and know more now, each with the row number of the device that tells so. */
  readonly news: ReadonlyArray<readonly [seq: number, device: number]>
}

/** Entries of a batch, and UTF-16 units of its commands: one statement takes a batch. */
const BATCH_ENTRIES = 5_000
const BATCH_TEXT = 16_000_000

/** Inside a transaction. `recorded`: captured or imported here, as opposed to read from a peer's log. */
export const absorb = Effect.fnUntraced(function* (
  connection: Connection,
  entries: ReadonlyArray<Entry>,
  recorded: boolean
): Effect.fn.Return<Intake, SqlError> {
  const last = yield* lastRow(connection)
  const news: Array<readonly [number, number]> = []
  let absorbed = nothing
  for (const batch of batches(entries)) {
    const sifted = yield* sift(connection, batch)
    // What a window or key covers is forgotten for good because of a capture that a log tells of; of one recorded here none will.
    const removed = recorded ? 0 : yield* forgetIds(connection, sifted.learned)
    const intake = yield* absorbKept(connection, sifted.kept, recorded)
    absorbed = sum(sum(absorbed, intake.absorbed), { ...nothing, refused: sifted.refused, removed })
    for (const each of intake.news) if (each[0] <= last) news.push(each)
  }
  return { absorbed, last, news }
})

export const nothing: Absorbed = { added: 0, merged: 0, known: 0, refused: 0, removed: 0 }

export const sum = (a: Absorbed, b: Absorbed): Absorbed => ({
  added: a.added + b.added,
  merged: a.merged + b.merged,
  known: a.known + b.known,
  refused: a.refused + b.refused,
  removed: a.removed + b.removed
})

function* batches(entries: ReadonlyArray<Entry>): Generator<ReadonlyArray<Entry>> {
  let from = 0
  let text = 0
  for (let index = 0; index < entries.length; index++) {
    const length = entries[index]!.command.length
    if (index > from && (index - from === BATCH_ENTRIES || text + length > BATCH_TEXT)) {
      yield entries.slice(from, index)
      from = index
      text = 0
    }
    text += length
  }
  if (from < entries.length) yield from === 0 ? entries : entries.slice(from)
}

const absorbKept = Effect.fnUntraced(function* (
  connection: Connection,
  kept: ReadonlyArray<Entry>,
  recorded: boolean
): Effect.fn.Return<Intake, SqlError> {
  const last = yield* lastRow(connection)
  if (kept.length === 0) return { absorbed: nothing, last, news: [] }
  const { bodies, captures } = joinRepeated(kept)
  const words = wordsOf(kept)
  const numbers: Numbers = {
    commands: yield* intern(connection, "commands", words.commands),
    terms: yield* intern(connection, "terms", words.terms)
  }
  const incoming = bodies.map((entry) => toRow(entry, numbers))
  const stored = yield* storedAmong(connection, bodies)
  yield* insert(
    connection,
    last,
    incoming.filter((row) => !stored.has(row[0]))
  )
  const added = bodies.length - stored.size
  const joined = stored.size === 0 ? [] : yield* joinKnown(connection, stored, bodies, incoming, recorded)
  const news = joined.filter((each) => each.news)
  yield* write(connection, joined)
  const told = recorded ? news.map(({ body }) => [body.id, body.device] as const) : captures
  if (added < kept.length) yield* noteCaptures(connection, told, numbers)
  if (added > 0) {
    yield* settlePending(connection, last)
    yield* shadowAdded(connection, last)
  }
  return {
    absorbed: { ...nothing, added, merged: news.length, known: kept.length - added - news.length },
    last,
    news: news.map(({ incoming, seq }) => [seq, incoming[11]] as const)
  }
})

const lastRow = ({ sql }: Connection) =>
  Effect.map(scalar<number | null>(sql`SELECT max(seq) FROM entries`), (last) => last ?? 0)

/** One body per id, and who captured it. */
const joinRepeated = (entries: ReadonlyArray<Entry>) => {
  const positions = new Map<EntryId, number>()
  const bodies: Array<Entry> = []
  const captures: Array<readonly [EntryId, DeviceId]> = []
  for (const entry of entries) {
    captures.push([entry.id, entry.device])
    const position = positions.get(entry.id)
    if (position === undefined) positions.set(entry.id, bodies.push(entry) - 1)
    else bodies[position] = merge(bodies[position]!, entry)
  }
  return { bodies, captures }
}

type Stored = ReadonlyMap<EntryId, { readonly seq: number; readonly row: EntryRow }>

const storedAmong = (connection: Connection, bodies: ReadonlyArray<Entry>): Effect.Effect<Stored, SqlError> =>
  Effect.map(
    rows<readonly [number, ...EntryRow]>(connection.sql`
      SELECT e.seq, ${entryColumns(connection)}
      FROM json_each(${JSON.stringify(bodies.map((body) => body.id))}) j CROSS JOIN entries e ON e.id = unhex(j.value)`),
    (found) => new Map(found.map(([seq, ...row]) => [row[0], { seq, row }]))
  )

const insert = (connection: Connection, last: number, fresh: ReadonlyArray<EntryRow>) =>
  insertRows(
    connection,
    `INSERT OR FAIL INTO entries (seq, id, start, duration, exit, command, cwd, session, host, user, shell, origin, device, ordinal)`,
    "(?, unhex(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    fresh.map((row, index) => [last + 1 + index, ...row])
  )

interface Joined {
  readonly seq: number
  readonly before: EntryRow
  readonly incoming: EntryRow
  /** The two bodies as one; whether that says more than the one that was here. */
  readonly body: Entry
  readonly news: boolean
}

/** Of the entries that were here before this batch, those that the batch says something else of. */
const joinKnown = Effect.fnUntraced(function* (
  connection: Connection,
  stored: Stored,
  bodies: ReadonlyArray<Entry>,
  incoming: ReadonlyArray<EntryRow>,
  recorded: boolean
): Effect.fn.Return<ReadonlyArray<Joined>, SqlError> {
  const columns = recorded ? NEWS : [...NEWS, ORDINAL]
  const differing = incoming.flatMap((row, index) => {
    const known = stored.get(row[0])
    return known !== undefined && columns.some((column) => row[column] !== null && row[column] !== known.row[column])
      ? [{ index, seq: known.seq, before: known.row }]
      : []
  })
  if (differing.length === 0) return []
  const texts = yield* textsOfRows(
    connection,
    differing.map(({ before }) => before)
  )
  return differing.map(({ before, index, seq }) => {
    const known = toEntry(before, texts)
    const body = merge(known, bodies[index]!)
    return { seq, before, incoming: incoming[index]!, body, news: isNews(known, body, recorded) }
  })
})

/** The columns of an EntryRow that are worth an operation: all but id, device and ordinal. */
const NEWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const
const ORDINAL = 12

const isNews = (before: Entry, body: Entry, recorded: boolean): boolean =>
  MERGED_FIELDS.some(
    (field) => before[field] !== body[field] && field !== "device" && !(recorded && field === "ordinal")
  )

const write = Effect.fnUntraced(function* (
  connection: Connection,
  joined: ReadonlyArray<Joined>
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const news = joined.filter((each) => each.news)
  const seqs = news.map(({ seq }) => seq)
  const after = news.length === 0 ? [] : yield* rowsAfter(connection, news)
  if (news.length > 0) {
    // Who stood beside a live entry as it was, and who does as it is now.
    const left = yield* importedNeighbours(connection, seqs)
    yield* sql`
      UPDATE entries SET start = j.value ->> 2, duration = j.value ->> 3, exit = j.value ->> 4, command = j.value ->> 5,
        cwd = j.value ->> 6, session = j.value ->> 7, host = j.value ->> 8, user = j.value ->> 9, shell = j.value ->> 10,
        origin = j.value ->> 11, ordinal = j.value ->> 13
      FROM json_each(${JSON.stringify(after.map((row, index) => [seqs[index], ...row]))}) j
      WHERE entries.seq = j.value ->> 0`
    yield* shadowAgain(connection, [...seqs, ...left, ...(yield* importedNeighbours(connection, seqs))])
  }
  yield* loosen(connection, joined)
})

/** The rows of the joined bodies: every text of theirs has been interned with one of the two. */
const rowsAfter = Effect.fnUntraced(function* (
  connection: Connection,
  news: ReadonlyArray<Joined>
): Effect.fn.Return<ReadonlyArray<EntryRow>, SqlError> {
  const words = wordsOf(news.map(({ body }) => body))
  const numbers: Numbers = {
    commands: yield* intern(connection, "commands", words.commands),
    terms: yield* intern(connection, "terms", words.terms)
  }
  return news.map(({ body }) => toRow(body, numbers))
})

/** Of two values one stays; what was interned for the other may have no use any more, and is text that forgetting has to reach. */
const loosen = Effect.fnUntraced(function* (
  connection: Connection,
  joined: ReadonlyArray<Joined>
): Effect.fn.Return<void, SqlError> {
  if (joined.length === 0) return
  const both = joined.flatMap(({ before, incoming }) => [before, incoming])
  const commands = new Set(both.map((row) => row[4]))
  if (commands.size > 0) yield* sweepCommands(connection, Array.from(commands))
  const terms = new Set(both.flatMap(wordsOfRow))
  yield* connection.sql`
    INSERT OR IGNORE INTO loose_terms (id) SELECT value FROM json_each(${JSON.stringify(Array.from(terms))})`
})

/** Keeps entries.device the smallest of an entry's capturing devices, and the others in captures. */
const noteCaptures = Effect.fnUntraced(function* (
  connection: Connection,
  told: ReadonlyArray<readonly [EntryId, DeviceId]>,
  numbers: Numbers
): Effect.fn.Return<void, SqlError> {
  if (told.length === 0) return
  const { sql } = connection
  const differing = yield* rows<readonly [number, string, number, string]>(sql`
    SELECT e.seq, had.text, had.id, has.text FROM json_each(
      ${JSON.stringify(told.map(([id, device]) => [id, numbers.terms.get(device)]))}
    ) j
    CROSS JOIN entries e ON e.id = unhex(j.value ->> 0) AND e.device <> j.value ->> 1
    CROSS JOIN terms had ON had.id = e.device
    CROSS JOIN terms has ON has.id = j.value ->> 1`)
  if (differing.length === 0) return
  const smallest = new Map<number, string>()
  const captures: Array<readonly [number, number]> = []
  for (const [seq, had, hadNumber, has] of differing) {
    captures.push([seq, hadNumber], [seq, numbers.terms.get(has)!])
    const least = smallest.get(seq) ?? had
    smallest.set(seq, has < least ? has : least)
  }
  yield* sql`
    INSERT OR IGNORE INTO captures (entry, device)
    SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(captures)})`
  yield* sql`
    UPDATE entries SET device = j.value ->> 1
    FROM json_each(${JSON.stringify(Array.from(smallest, ([seq, device]) => [seq, numbers.terms.get(device)]).filter((each) => each[1] !== undefined))}) j
    WHERE entries.seq = j.value ->> 0 AND entries.device <> j.value ->> 1`
  yield* sql`
    DELETE FROM captures WHERE (entry, device) IN (
      SELECT e.seq, e.device FROM json_each(${JSON.stringify(Array.from(smallest.keys()))}) j
      CROSS JOIN entries e ON e.seq = j.value
    )`
})
