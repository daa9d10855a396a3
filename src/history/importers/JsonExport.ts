/**
 * hx's own backup, read back: `{ "format": "hx-export", "version": 1, "entries": [ … ], "digest": "…" }` (exporters/JsonExport.ts).
 *
 * A backup may be larger than memory, so the object is cut into its values byte by byte, and only one value at a time is held and given to
 * JSON.parse. Keys may stand in any order and any layout; unknown ones are skipped, whatever they hold. An entry that cannot be read is a
 * Problem, as is a backup that is cut off or whose digest does not fit what was read.
 */

import { makeHistoryDigest } from "../../domain/HistoryDigest.ts"
import { type HistoryParser, MAX_LINE, type Parsed, problem } from "./HistoryParser.ts"
import { readJson } from "./JsonLines.ts"
import { type JsonValue, makeValueScanner } from "./JsonValueScanner.ts"

export const EXPORT_FORMAT = "hx-export"
export const EXPORT_VERSION = 1

export const parseJsonExport = (): HistoryParser => {
  const digest = makeHistoryDigest()
  const header = new Map<string, unknown>()
  let digestLine = 0
  let entryProblems = 0
  /** Set once nothing more can be read: what is wrong has been said. */
  let stopped = false

  const stop = (line: number, why: string, out: Array<Parsed>) => {
    stopped = true
    out.push(problem(line, why))
  }

  const takeHeader = (key: string, value: JsonValue, out: Array<Parsed>) => {
    if (!HEADER_KEYS.has(key)) return
    header.set(key, value.text === null ? null : parseJson(value.text))
    const given = header.get(key)
    if (key === "digest") digestLine = value.line
    if (key === "format" && given !== EXPORT_FORMAT)
      stop(value.line, `not a backup of hx: its format is not "${EXPORT_FORMAT}"`, out)
    if (key === "version" && given !== EXPORT_VERSION)
      stop(value.line, "a backup made by a newer hx: update hx to import it", out)
  }

  const takeEntry = (value: JsonValue, out: Array<Parsed>) => {
    const parsed =
      value.text === null ? problem(value.line, "an entry that is too long") : readJson(value.text, value.line)
    if (parsed.kind === "entry" && parsed.id !== null) digest.add({ ...parsed, id: parsed.id })
    else entryProblems++
    out.push(parsed)
  }

  const scanner = makeValueScanner({
    arrayKey: "entries",
    maxValue: MAX_LINE,
    member: takeHeader,
    element: takeEntry,
    broken: (line, out) => stop(line, "not JSON from here on", out)
  })

  return {
    push: (chunk) => {
      const out: Array<Parsed> = []
      if (!stopped) scanner.push(chunk, out, () => stopped)
      return out
    },
    end: () => {
      const out: Array<Parsed> = []
      if (stopped) return out
      if (!scanner.complete()) out.push(problem(scanner.line(), "the backup is cut off here"))
      else if (!header.has("format")) out.push(problem(1, `not a backup of hx: it has no "format"`))
      else if (header.has("digest") && entryProblems === 0 && header.get("digest") !== digest.value()) {
        out.push(problem(digestLine, "the digest does not fit the entries: they were changed after the export"))
      }
      return out
    }
  }
}

const HEADER_KEYS = new Set(["format", "version", "digest"])

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
