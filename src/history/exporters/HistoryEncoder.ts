/** A history encoder turns entries, given in batches of any size, into the bytes of one file; memory is bounded by the batch. */

import type { Entry } from "../../domain/Entry.ts"

export interface HistoryEncoder {
  /** What the file begins with. */
  readonly begin: () => Uint8Array
  readonly encode: (entries: ReadonlyArray<Entry>) => Uint8Array
  /** What the file ends with. */
  readonly end: () => Uint8Array
}

export type ExportFormat = "json" | "jsonl" | "csv" | "zsh" | "bash" | "fish"

export const EXPORT_FORMATS = [
  "json",
  "jsonl",
  "csv",
  "zsh",
  "bash",
  "fish"
] as const satisfies ReadonlyArray<ExportFormat>

/** An encoder for a format that has neither beginning nor end, only one piece of text (UTF-8) an entry. */
export const encodeEach = (encode: (entry: Entry) => string, begin = ""): HistoryEncoder => ({
  begin: () => Buffer.from(begin),
  encode: (entries) => Buffer.from(entries.map(encode).join(""), "utf8"),
  end: () => Buffer.alloc(0)
})

/** The same for formats of bytes: the text has one character (U+0000..U+00FF) for each byte. */
export const encodeEachAsBytes = (encode: (entry: Entry) => string): HistoryEncoder => ({
  begin: () => Buffer.alloc(0),
  encode: (entries) => Buffer.from(entries.map(encode).join(""), "latin1"),
  end: () => Buffer.alloc(0)
})
