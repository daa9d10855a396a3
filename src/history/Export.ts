/** `hx export`: all visible entries, undated ones first, then by time; page by page, so that memory stays flat. */

import { Effect, Option, Stream } from "effect"
import type { DbError } from "../db/DbError.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Filters, PageCursor } from "../db/HistoryQueries.ts"
import type { Entry } from "../domain/Entry.ts"
import { makeHistoryDigest } from "../domain/HistoryDigest.ts"
import { makeEncoder } from "./exporters/Exporter.ts"
import type { ExportFormat } from "./exporters/HistoryEncoder.ts"

export type ExportFilters = Pick<Filters, "after" | "before">

const PAGE = 5_000

/** Never an empty batch. */
export const exportEntries = (filters: ExportFilters): Stream.Stream<ReadonlyArray<Entry>, DbError, HistoryDb> =>
  Stream.paginateEffect(null as PageCursor | null, (cursor) =>
    Effect.gen(function* () {
      const { history } = yield* HistoryDb
      const { entries, next } = yield* history.page({ ...filters, cursor, limit: PAGE })
      return [entries, next === null ? Option.none() : Option.some(next)] as const
    })
  ).pipe(Stream.filter((entries) => entries.length > 0))

/** The bytes of the file. `onEntries` hears how many entries each piece holds. */
export const exportBytes = (
  format: ExportFormat,
  filters: ExportFilters,
  onEntries: (count: number) => void = () => {}
): Stream.Stream<Uint8Array, DbError, HistoryDb> =>
  Stream.suspend(() => {
    const encoder = makeEncoder(format)
    const pieces = Stream.map(exportEntries(filters), (entries) => {
      onEntries(entries.length)
      return encoder.encode(entries)
    })
    return Stream.sync(() => encoder.begin()).pipe(
      Stream.concat(pieces),
      Stream.concat(Stream.sync(() => encoder.end())),
      Stream.filter((bytes) => bytes.length > 0)
    )
  })

/** The digest of everything visible (domain/HistoryDigest.ts): equal on two devices that hold the same history. */
export const historyDigest = Effect.fn("Export.historyDigest")(function* () {
  const digest = makeHistoryDigest()
  yield* Stream.runForEach(exportEntries({}), (entries) =>
    Effect.sync(() => {
      for (const entry of entries) digest.add(entry)
    })
  )
  return digest.value()
})
