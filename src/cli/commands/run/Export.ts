/** What `hx export` does and says. */

import { Effect, type Option, Stream } from "effect"
import { resolve } from "node:path"
import { exportBytes } from "../../../history/Export.ts"
import type { ExportFormat } from "../../../history/exporters/HistoryEncoder.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Progress } from "../../../platform/Progress.ts"
import { writeBytes } from "../../../platform/UserFile.ts"
import { completeLayer } from "../../HistoryLayers.ts"
import { boundsOf } from "../../Moments.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { bytesText, counted } from "../../Units.ts"
import { UsageError } from "../../UsageError.ts"

export interface ExportGiven {
  readonly file: string
  readonly format: ExportFormat
  readonly after: Option.Option<string>
  readonly before: Option.Option<string>
}

export const run = (given: ExportGiven) => Effect.provide(exportAndTell(given), completeLayer)

const exportAndTell = Effect.fnUntraced(function* (given: ExportGiven) {
  const output = yield* Output
  const progress = yield* Progress
  const paths = yield* Paths
  const bounds = yield* boundsOf(given)
  if (given.file === "-" && output.json) return yield* twoResults
  let entries = 0
  const write = progress.during("Exporting", "entries", (meter) => {
    const bytes = exportBytes(given.format, bounds, (count) => {
      entries += count
      meter.advance(count)
    })
    return given.file === "-"
      ? Effect.as(Stream.runForEach(bytes, output.raw), 0)
      : writeBytes(resolve(paths.workingDirectory, given.file), bytes)
  })
  const bytes = yield* write
  if (given.file === "-") return
  yield* output.result(
    { file: given.file, format: given.format, entries, bytes },
    () =>
      `Wrote ${counted(entries, "entry", "entries")} to ${printable(given.file)} (${given.format}, ${bytesText(bytes)}).`
  )
})

const twoResults = new UsageError({
  what: "Two results on standard output",
  subject: "--file - --json",
  hint: "The export itself is JSON: leave --json out, or name a file."
})
