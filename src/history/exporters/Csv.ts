/**
 * CSV as in RFC 4180: a header, lines that end in CR LF, fields in quotes where they hold a quote, a comma or a line end. Unknown values are
 * empty. `start` is ISO 8601 in UTC, `duration` seconds. Text is UTF-8; bytes that are not appear as U+10FF80..U+10FFFF (domain/RawText.ts).
 */

import type { Entry } from "../../domain/Entry.ts"
import * as Instant from "../../domain/Instant.ts"
import { encodeEach, type HistoryEncoder } from "./HistoryEncoder.ts"

export const encodeCsv = (): HistoryEncoder => encodeEach(row, `${COLUMNS.map(([name]) => name).join(",")}\r\n`)

const COLUMNS: ReadonlyArray<readonly [name: string, value: (entry: Entry) => string | number | null]> = [
  ["id", (entry) => entry.id],
  ["command", (entry) => entry.command],
  ["start", (entry) => (entry.start === null ? null : Instant.toIso(entry.start))],
  ["duration", (entry) => (entry.duration === null ? null : entry.duration / Instant.SECOND)],
  ["exit", (entry) => entry.exit],
  ["cwd", (entry) => entry.cwd],
  ["session", (entry) => entry.session],
  ["host", (entry) => entry.host],
  ["user", (entry) => entry.user],
  ["shell", (entry) => entry.shell],
  ["origin", (entry) => entry.origin]
]

const row = (entry: Entry): string => `${COLUMNS.map(([, value]) => cell(value(entry))).join(",")}\r\n`

const cell = (value: string | number | null): string => {
  if (value === null) return ""
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
