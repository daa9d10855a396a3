/** What `hx import` does and says. */

import { Effect, Option, Sink, Stream } from "effect"
import { resolve } from "node:path"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import { BackupDamaged } from "../../../history/BackupDamaged.ts"
import { detectFormat, SAMPLE_SIZE } from "../../../history/DetectFormat.ts"
import { importHistory, type ImportReport, parseHistory } from "../../../history/Import.ts"
import type { ImportFormat } from "../../../history/importers/HistoryParser.ts"
import { hostName } from "../../../platform/HostName.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Progress } from "../../../platform/Progress.ts"
import { Stdio } from "../../../platform/Stdio.ts"
import { readBytes, sizeOf, UserFileError } from "../../../platform/UserFile.ts"
import { layer } from "../../HistoryLayers.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { UsageError } from "../../UsageError.ts"
import { importedJson, importedLines } from "./ImportReport.ts"
import { ownFiles } from "./OwnFiles.ts"

export interface ImportGiven {
  readonly file: Option.Option<string>
  readonly format: Option.Option<ImportFormat>
  readonly host: Option.Option<string>
  readonly dryRun: boolean
}

/** One file, and what came of it. */
export interface Imported {
  /** As the user knows it; "-" is standard input. */
  readonly file: string
  readonly format: ImportFormat
  readonly report: ImportReport
}

export const run = (given: ImportGiven) => Effect.provide(importAndTell(given), layer)

const importAndTell = Effect.fnUntraced(function* (given: ImportGiven) {
  const output = yield* Output
  const files = Option.isSome(given.file) ? [given.file.value] : yield* ownFiles
  if (files.length === 0) return yield* nothingFound
  const imported = yield* Effect.forEach(files, (file) => importFile(file, given), { concurrency: 1 })
  yield* output.result({ dryRun: given.dryRun, files: imported.map(importedJson) }, () =>
    imported.flatMap((one) => importedLines(one, given.dryRun)).join("\n")
  )
  const damaged = imported.find(({ format, report }) => isBackup(format) && report.problems > 0)
  if (damaged !== undefined) {
    const { firstProblems, read } = damaged.report
    return yield* new BackupDamaged({ path: damaged.file, read, detail: firstProblems[0]?.why ?? "" })
  }
})

/** A shell's file may hold anything, and what of it makes no sense is left out; a backup is whole, or it is damaged. */
const isBackup = (format: ImportFormat): boolean => format === "json" || format === "jsonl"

const importFile = Effect.fnUntraced(function* (file: string, given: ImportGiven) {
  const progress = yield* Progress
  const source = yield* open(file)
  const [sample, rest] = yield* Stream.peel(source.bytes, sampleSink)
  const format = Option.isSome(given.format) ? given.format.value : yield* formatOf(sample, file)
  const host = Option.isSome(given.host) ? given.host.value : yield* hostName
  const { device } = yield* HistoryDb
  const report = yield* progress.during(`Importing ${printable(file)}`, "entries", (meter) => {
    if (source.size !== undefined) meter.expect(0, source.size)
    const bytes = Stream.tap(Stream.concat(Stream.fromIterable(sample.pieces), rest), (piece) =>
      Effect.sync(() => meter.advance(0, piece.length))
    )
    let seen = 0
    return Effect.flatMap(device.id, (id) =>
      importHistory(parseHistory(bytes, { format, device: id, host, user: null }), {
        dryRun: given.dryRun,
        onProgress: (read) => {
          meter.advance(read - seen)
          seen = read
        }
      })
    )
  })
  return { file, format, report } satisfies Imported
}, Effect.scoped)

interface Source {
  /** Undefined where nobody knows beforehand. */
  readonly size: number | undefined
  readonly bytes: Stream.Stream<Uint8Array, UserFileError>
}

const open = Effect.fnUntraced(function* (file: string) {
  if (file === "-") {
    const stdio = yield* Stdio
    const failed = (cause: unknown) => new UserFileError({ reason: "Failed", path: "standard input", cause })
    return { size: undefined, bytes: Stream.fromAsyncIterable(stdio.input(), failed) } satisfies Source as Source
  }
  const path = resolve((yield* Paths).workingDirectory, file)
  return { size: yield* sizeOf(path), bytes: readBytes(path) } satisfies Source as Source
})

/** As many pieces as it takes to tell the format. */
const sampleSink = Sink.fold<Sample, Uint8Array>(
  { pieces: [], size: 0 },
  ({ size }) => size < SAMPLE_SIZE,
  ({ pieces, size }, piece) => ({ pieces: [...pieces, piece], size: size + piece.length })
)

interface Sample {
  readonly pieces: ReadonlyArray<Uint8Array>
  readonly size: number
}

const formatOf = ({ pieces }: Sample, file: string): Effect.Effect<ImportFormat, UsageError> => {
  const detected = detectFormat(Buffer.concat(pieces).subarray(0, SAMPLE_SIZE), file)
  if (detected.kind === "history") return Effect.succeed(detected.format)
  return new UsageError({
    what: "Not a history file that hx can read",
    subject: `${file} ${detected.why}`,
    hint: "If it is one all the same, say which kind: --format zsh, bash, fish, json or jsonl."
  })
}

const nothingFound = new UsageError({
  what: "No history files found",
  subject: "the places where zsh, bash and fish keep theirs",
  hint: "Name one: hx import --file FILE"
})
