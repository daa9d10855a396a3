/** History files in memory: parsed, imported and exported whole or in pieces. */

import type { Entry } from "../../src/domain/Entry.ts"
import type { ExportFormat } from "../../src/history/exporters/HistoryEncoder.ts"
import { makeEncoder } from "../../src/history/exporters/Exporter.ts"
import type { ImportFormat, Parsed } from "../../src/history/importers/HistoryParser.ts"
import { makeImporter, makeParser } from "../../src/history/importers/Importer.ts"
import { DEVICE } from "./Commands.ts"

/** A string stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string

export const bytesOf = (bytes: Bytes): Uint8Array => (typeof bytes === "string" ? Buffer.from(bytes) : bytes)

/** Bytes written as text with one character for each. */
export const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1")

export const parse = (
  format: ImportFormat,
  bytes: Bytes,
  pieces: ReadonlyArray<number> = []
): ReadonlyArray<Parsed> => {
  const parser = makeParser(format)
  return [...split(bytesOf(bytes), pieces).flatMap((piece) => parser.push(piece)), ...parser.end()]
}

/** The commands with their starts in seconds, and problems as `line: why`. */
export const summary = (format: ImportFormat, bytes: Bytes): ReadonlyArray<unknown> =>
  parse(format, bytes).map((parsed) =>
    parsed.kind === "problem"
      ? `${parsed.line}: ${parsed.why}`
      : parsed.start === null
        ? parsed.command
        : [parsed.start / 1_000_000, parsed.command]
  )

export const importAll = (
  format: ImportFormat,
  bytes: Bytes
): { readonly entries: ReadonlyArray<Entry>; readonly problems: ReadonlyArray<string> } => {
  const importer = makeImporter({ format, device: DEVICE, host: "laptop", user: "me" })
  const batches = [importer.push(bytesOf(bytes)), importer.end()]
  return {
    entries: batches.flatMap((batch) => batch.entries),
    problems: batches.flatMap((batch) => batch.problems.map((each) => `${each.line}: ${each.why}`))
  }
}

export const exportAll = (format: ExportFormat, entries: ReadonlyArray<Entry>, batch = 3): Buffer => {
  const encoder = makeEncoder(format)
  const parts = [encoder.begin()]
  for (let from = 0; from < entries.length; from += batch) parts.push(encoder.encode(entries.slice(from, from + batch)))
  return Buffer.concat([...parts, encoder.end()])
}

/** Cuts bytes at the given places, taken modulo the length. */
const split = (bytes: Uint8Array, pieces: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const cuts = [0, ...pieces.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return cuts.slice(1).map((to, index) => bytes.subarray(cuts[index] ?? 0, to))
}
