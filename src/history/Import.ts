/** `hx import`: entries from a history file into the history and this device's log. */

import { Effect, Stream } from "effect"
import type { DbError } from "../db/DbError.ts"
import { type Absorbed, HistoryDb } from "../db/HistoryDb.ts"
import type { Entry } from "../domain/Entry.ts"
import type { Problem } from "./importers/HistoryParser.ts"
import { type ImportedBatch, type ImportSource, makeImporter } from "./importers/Importer.ts"

export interface ImportReport extends Omit<Absorbed, "removed"> {
  /** Entries that the file gave: the sum of added, merged, known and refused. */
  readonly read: number
  /** Of those added, how many stand in the shadow of what was captured live, and so are not shown. */
  readonly shadowed: number
  /** Places of the file that could not be read, and the first of them. */
  readonly problems: number
  readonly firstProblems: ReadonlyArray<Problem>
}

export interface ImportOptions {
  /** Counts what an import would do, and changes nothing. */
  readonly dryRun: boolean
  /** Hears of the number of entries read so far. */
  readonly onProgress?: (read: number) => void
}

/** The bytes of a history file as entries. */
export const parseHistory = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  source: ImportSource
): Stream.Stream<ImportedBatch, E, R> =>
  Stream.suspend(() => {
    const importer = makeImporter(source)
    return Stream.map(bytes, importer.push).pipe(Stream.concat(Stream.sync(importer.end)))
  })

/**
 * Written in transactions of some ten thousand entries, each of which stays when the next is cut off: importing again goes on where this
 * import stopped, since nothing is taken in twice.
 */
export const importHistory = Effect.fn("Import.import")(function* <E, R>(
  batches: Stream.Stream<ImportedBatch, E, R>,
  { dryRun, onProgress }: ImportOptions
): Effect.fn.Return<ImportReport, E | DbError, R | HistoryDb> {
  const db = yield* HistoryDb
  const work = Effect.gen(function* () {
    const before = yield* db.history.shadowed
    const report = yield* Stream.runFoldEffect(transactions(batches), nothing, (sum, { entries, problems }) =>
      Effect.map(db.log.record(entries), (absorbed) => {
        const next = add(sum, absorbed, entries.length, problems)
        onProgress?.(next.read)
        return next
      })
    )
    return { ...report, shadowed: Math.max(0, (yield* db.history.shadowed) - before) }
  })
  return yield* dryRun ? db.rehearse(work) : work
})

/** Entries of one transaction, and UTF-16 units of their commands. */
const TRANSACTION_ENTRIES = 50_000
const TRANSACTION_TEXT = 32_000_000

/** Gathers batches, so that the write lock is held for about a second at a time and is not waited for in between. */
const transactions = <E, R>(batches: Stream.Stream<ImportedBatch, E, R>): Stream.Stream<ImportedBatch, E, R> =>
  Stream.suspend(() => {
    let entries: Array<Entry> = []
    let problems: Array<Problem> = []
    let text = 0
    const take = (): ImportedBatch => {
      const taken = { entries, problems }
      entries = []
      problems = []
      text = 0
      return taken
    }
    return batches.pipe(
      Stream.mapConcat((batch) => {
        for (const entry of batch.entries) {
          entries.push(entry)
          text += entry.command.length
        }
        for (const problem of batch.problems) problems.push(problem)
        return entries.length >= TRANSACTION_ENTRIES || text >= TRANSACTION_TEXT ? [take()] : []
      }),
      Stream.concat(Stream.sync(take))
    )
  })

const FIRST_PROBLEMS = 10

const nothing: ImportReport = {
  read: 0,
  added: 0,
  merged: 0,
  known: 0,
  refused: 0,
  shadowed: 0,
  problems: 0,
  firstProblems: []
}

const add = (sum: ImportReport, absorbed: Absorbed, read: number, problems: ReadonlyArray<Problem>): ImportReport => ({
  read: sum.read + read,
  added: sum.added + absorbed.added,
  merged: sum.merged + absorbed.merged,
  known: sum.known + absorbed.known,
  refused: sum.refused + absorbed.refused,
  shadowed: 0,
  problems: sum.problems + problems.length,
  firstProblems: [...sum.firstProblems, ...problems].slice(0, FIRST_PROBLEMS)
})
