/**
 * Taking in what shells have written: from the spool into the history and this device's log.
 *
 * One at a time on a data directory, under the lock that sync holds too. What is read is committed first and wiped after: a run that dies in between
 * reads the same records again, and since they fix the ids of their entries, that adds nothing. A database that cannot be written leaves the spool as
 * it is.
 */

import { type Duration, Effect } from "effect"
import { basename, join } from "node:path"
import type { DbError } from "../db/DbError.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { type Entry, LIVE } from "../domain/Entry.ts"
import { liveId } from "../domain/EntryId.ts"
import { acquireLock } from "../platform/FileLock.ts"
import { Paths } from "../platform/Paths.ts"
import { isIgnored } from "./Ignoring.ts"
import { ignoring, type Ignoring } from "./IgnoringSettings.ts"
import { quarantine, readPiece, remove, removeLeftLines, takeAll, type TakenFile, wipe } from "./SpoolDirectory.ts"
import { type SpoolDecoder, spoolDecoder, type SpoolItem, type Stretch } from "./SpoolFormat.ts"
import type { Begin, CommandKey, End } from "./SpoolRecord.ts"

export interface IngestReport {
  /** Commands that are new in the history. */
  readonly added: number
  /** Commands taken in earlier whose end is known now. */
  readonly finished: number
  /** Kept out by capture.ignore and capture.ignore_directories. */
  readonly ignored: number
  /** Stretches of the spool that made no sense. */
  readonly quarantined: number
}

/** `wait`: how long for another hx that is at work. */
export const ingest = Effect.fn("Ingest.ingest")(function* ({ wait }: { readonly wait: Duration.DurationInput }) {
  const paths = yield* Paths
  yield* acquireLock(paths.lock, wait)
  const wishes = yield* ignoring
  const spool = join(paths.data, "spool")
  const tally = { added: 0, finished: 0, ignored: 0, quarantined: 0 }
  for (const file of yield* takeAll(spool)) yield* takeIn(spool, file, wishes, tally)
  yield* removeLeftLines(spool)
  return tally satisfies IngestReport as IngestReport
}, Effect.scoped)

type Tally = { -readonly [K in keyof IngestReport]: IngestReport[K] }

const PIECE = 1024 * 1024

/** Records of one transaction. */
const TRANSACTION = 5_000

const takeIn = Effect.fnUntraced(function* (spool: string, file: TakenFile, wishes: Ignoring, tally: Tally) {
  const decoder = spoolDecoder()
  let read = 0
  /** What lies before is wiped. */
  let done = 0
  const settle = Effect.fnUntraced(function* (items: ReadonlyArray<SpoolItem>) {
    for (let from = 0; from < items.length; from += TRANSACTION) {
      const part = items.slice(from, from + TRANSACTION)
      yield* commit(part, wishes, tally)
      for (const item of part) if (item.kind === "skipped") yield* putAside(spool, file, item, tally)
      const to = part.at(-1)?.to ?? done
      if (to > done) yield* wipe(file.path, done, to)
      done = Math.max(done, to)
    }
  })
  for (let piece = yield* readPiece(file.path, 0, PIECE); piece.length > 0;) {
    read += piece.length
    yield* settle(decoder.push(piece))
    piece = yield* readPiece(file.path, read, PIECE)
  }
  const left = yield* finish(decoder, settle)
  if (!file.settled) return
  if (left !== null) {
    yield* putAside(spool, file, left, tally)
    yield* wipe(file.path, left.from, left.to)
  } else if (done === 0) yield* remove(file.path)
})

/** A record that is not whole yet may be, soon. */
const finish = <E, R>(
  decoder: SpoolDecoder,
  settle: (items: ReadonlyArray<SpoolItem>) => Effect.Effect<void, E, R>
): Effect.Effect<Stretch | null, E, R> =>
  Effect.suspend(() => {
    const { items, tail } = decoder.end()
    return Effect.as(settle(tail === null ? items : items.filter(({ from }) => from < tail.from)), tail)
  })

const putAside = Effect.fnUntraced(function* (spool: string, file: TakenFile, { from, to }: Stretch, tally: Tally) {
  const bytes = yield* readPiece(file.path, from, Math.min(to - from, 4 * PIECE))
  yield* quarantine(spool, `${basename(file.path)}.${from}`, bytes)
  tally.quarantined++
})

const commit = Effect.fnUntraced(function* (
  items: ReadonlyArray<SpoolItem>,
  wishes: Ignoring,
  tally: Tally
): Effect.fn.Return<void, DbError, HistoryDb> {
  const { device, history, log } = yield* HistoryDb
  const own = yield* device.id
  const begun = new Map<string, Entry>()
  const ends: Array<End> = []
  for (const item of items) {
    if (item.kind === "skipped") continue
    const { record } = item
    if (record.kind === "begin") {
      if (isIgnored(record, wishes)) tally.ignored++
      else begun.set(keyOf(record), entryOf(record, own))
      continue
    }
    const entry = begun.get(keyOf(record))
    if (entry === undefined) ends.push(record)
    else begun.set(keyOf(record), { ...entry, exit: record.exit, duration: record.duration })
  }
  tally.added += (yield* log.record([...begun.values()])).added
  for (const { duration, exit, session, start } of ends) {
    // It began before, and was taken in then; or it was kept out, or is forgotten since.
    const [entry] = yield* history.find({ words: [], session, after: start, before: start + 1, limit: 1 })
    if (entry === undefined || (entry.exit === exit && entry.duration === duration)) continue
    yield* log.finish(entry.id, exit, duration)
    tally.finished++
  }
})

const keyOf = ({ counter, session, start }: CommandKey): string => `${session} ${counter} ${start}`

const entryOf = ({ command, counter, cwd, host, session, shell, start, user }: Begin, device: DeviceId): Entry => ({
  id: liveId(session, counter, start, command),
  start,
  duration: null,
  exit: null,
  command,
  cwd,
  session,
  host,
  user,
  shell,
  origin: LIVE,
  device,
  ordinal: counter
})
