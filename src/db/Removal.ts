/**
 * Taking entries out of the history for good: their rows, their operations' bodies, and every text that only they used.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { EntryId } from "../domain/EntryId.ts"
import { type Connection, rows } from "./Connection.ts"
import { sweepCommands, sweepTerms } from "./Dictionary.ts"
import { entryColumns, type EntryRow, wordsOfRow } from "./EntryRows.ts"
import { KIND } from "./Schema.ts"
import { importedNeighbours, shadowAgain } from "./Shadow.ts"

/** Row numbers of texts that may have no use any more. */
export interface LooseTexts {
  readonly commands: Set<number>
  readonly terms: Set<number>
}

export const noLooseTexts = (): LooseTexts => ({ commands: new Set(), terms: new Set() })

/** Overwrites those that have none. Once for many entries: the trigram index may have to be made anew. Inside the transaction that removed them. */
export const sweepTexts = Effect.fnUntraced(function* (
  connection: Connection,
  { commands, terms }: LooseTexts
): Effect.fn.Return<void, SqlError> {
  if (commands.size > 0) yield* sweepCommands(connection, Array.from(commands))
  if (terms.size > 0) yield* sweepTerms(connection, Array.from(terms))
})

/**
 * Marks ids as forgotten: nothing under them is ever taken in again. Entries and finishes that are here go. Gives the number of entries. Their texts
 * are swept at once, or left to the caller who gives a place for them.
 */
export const forgetIds = Effect.fnUntraced(function* (
  connection: Connection,
  ids: ReadonlyArray<EntryId>,
  loose?: LooseTexts
): Effect.fn.Return<number, SqlError> {
  if (ids.length === 0) return 0
  const { sql } = connection
  const list = JSON.stringify(ids)
  yield* sql`INSERT OR IGNORE INTO forgotten_ids (id) SELECT unhex(value) FROM json_each(${list})`
  const waiting = yield* rows<readonly [EntryId]>(sql`
    DELETE FROM pending_finishes WHERE id IN (SELECT unhex(value) FROM json_each(${list})) RETURNING lower(hex(id))`)
  yield* purgeFinishes(
    connection,
    waiting.map(([id]) => id)
  )
  const found = yield* rows<readonly [number]>(sql`
    SELECT e.seq FROM json_each(${list}) j CROSS JOIN entries e ON e.id = unhex(j.value)`)
  const left = loose ?? noLooseTexts()
  yield* removeEntries(
    connection,
    found.map(([seq]) => seq),
    left
  )
  if (loose === undefined) yield* sweepTexts(connection, left)
  return found.length
})

const removeEntries = Effect.fnUntraced(function* (
  connection: Connection,
  seqs: ReadonlyArray<number>,
  loose: LooseTexts
): Effect.fn.Return<void, SqlError> {
  if (seqs.length === 0) return
  const { sql } = connection
  const list = JSON.stringify(seqs)
  const going = yield* rows<EntryRow>(sql`
    SELECT ${entryColumns(connection)} FROM json_each(${list}) j CROSS JOIN entries e ON e.seq = j.value`)
  const neighbours = yield* importedNeighbours(connection, seqs)
  yield* purgeOperations(connection, list)
  yield* sql`DELETE FROM captures WHERE entry IN (SELECT value FROM json_each(${list}))`
  yield* sql`DELETE FROM entries WHERE seq IN (SELECT value FROM json_each(${list}))`
  const gone = new Set(seqs)
  yield* shadowAgain(
    connection,
    neighbours.filter((seq) => !gone.has(seq))
  )
  for (const row of going) {
    loose.commands.add(row[4])
    for (const word of wordsOfRow(row)) loose.terms.add(word)
  }
})

/** What this log said about these entries keeps only its identity. */
const purgeOperations = Effect.fnUntraced(function* (
  connection: Connection,
  seqs: string
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const purged = yield* rows<readonly [number]>(sql`
    UPDATE operations
    SET kind = ${KIND.purged}, body = NULL, device = NULL, entry = NULL,
        identity = coalesce(identity, (SELECT id FROM entries WHERE seq = operations.entry))
    WHERE entry IN (SELECT value FROM json_each(${seqs})) RETURNING number`)
  yield* notePurged(connection, purged)
})

/** The same for finishes whose entry never came. */
const purgeFinishes = Effect.fnUntraced(function* (
  connection: Connection,
  ids: ReadonlyArray<EntryId>
): Effect.fn.Return<void, SqlError> {
  if (ids.length === 0) return
  const { sql } = connection
  const purged = yield* rows<readonly [number]>(sql`
    UPDATE operations SET kind = ${KIND.purged}, body = NULL
    WHERE kind = ${KIND.finish} AND entry IS NULL
      AND body ->> 'id' IN (SELECT value FROM json_each(${JSON.stringify(ids)}))
    RETURNING number`)
  yield* notePurged(connection, purged)
})

const notePurged = ({ sql }: Connection, purged: ReadonlyArray<readonly [number]>) => sql`
  INSERT INTO purged_operations (number) SELECT value ->> 0 FROM json_each(${JSON.stringify(purged)})`
