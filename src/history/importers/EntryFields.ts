/**
 * One entry as hx's own JSON and JSONL hold it, read back:
 *
 *     { "id", "command", "start", "duration", "exit", "cwd", "session", "host", "user", "shell", "origin" }
 *
 * `start` is ISO 8601 with an offset, `duration` seconds, `exit` an integer, the rest text; each but `command` may be null or missing. Keys that are
 * not known are ignored. Text is RawText: well-formed Unicode, in which bytes that are not UTF-8 stand as U+10FF80..U+10FFFF, so nothing is lost.
 */

import { type Entry, LIVE } from "../../domain/Entry.ts"
import { type EntryId, importedId, isEntryId } from "../../domain/EntryId.ts"
import * as Instant from "../../domain/Instant.ts"
import * as RawText from "../../domain/RawText.ts"
import { MAX_COMMAND, type Problem, problem } from "./HistoryParser.ts"

/** An entry that comes with its own id (null: it is to be given one), and whose device is the one that imports it. */
export interface ImportedEntry extends Omit<Entry, "id" | "device"> {
  readonly kind: "entry"
  /** The number of the line it begins on, from 1. */
  readonly line: number
  readonly id: EntryId | null
}

export const readEntry = (value: unknown, line: number): ImportedEntry | Problem => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return problem(line, "not an entry")
  const fields = value as Readonly<Record<string, unknown>>
  const start = typeof fields["start"] === "string" ? Instant.fromIso(fields["start"]) : null
  const wrong = start === null && isKnown(fields["start"]) ? "start" : wrongField(fields)
  if (wrong !== null) return problem(line, `an entry whose "${wrong}" cannot be read`)
  const id = (fields["id"] ?? null) as EntryId | null
  const command = RawText.fromText(fields["command"] as string)
  const origin = textOrNull(fields["origin"]) ?? "import:json"
  return {
    kind: "entry",
    line,
    id,
    start,
    duration: typeof fields["duration"] === "number" ? Math.round(fields["duration"] * Instant.SECOND) : null,
    exit: (fields["exit"] ?? null) as number | null,
    command,
    cwd: textOrNull(fields["cwd"]),
    session: textOrNull(fields["session"]),
    host: textOrNull(fields["host"]),
    user: textOrNull(fields["user"]),
    shell: textOrNull(fields["shell"]),
    origin,
    ordinal: id === null || origin === LIVE ? null : ordinalOf(id, start, command)
  }
}

/** The first field, start apart, whose value is not what it has to be, or null. */
const wrongField = (fields: Readonly<Record<string, unknown>>): string | null => {
  const { id, command, duration, exit, origin } = fields
  if (isKnown(id) && !(typeof id === "string" && isEntryId(id))) return "id"
  if (typeof command !== "string" || !VISIBLE.test(command) || !isText(command) || command.length > MAX_COMMAND) {
    return "command"
  }
  if (isKnown(duration) && !isDuration(duration)) return "duration"
  if (isKnown(exit) && !Number.isSafeInteger(exit)) return "exit"
  if (isKnown(origin) && origin !== LIVE && !(isText(origin) && IMPORTED.test(String(origin)))) return "origin"
  return TEXT_FIELDS.find((key) => isKnown(fields[key]) && !isText(fields[key])) ?? null
}

const TEXT_FIELDS = ["cwd", "session", "host", "user", "shell"] as const

const VISIBLE = /\S/
const IMPORTED = /^import:./

const isKnown = (value: unknown): boolean => value !== null && value !== undefined

const isText = (value: unknown): boolean => typeof value === "string" && !value.includes("\0")

const isDuration = (value: unknown): boolean =>
  typeof value === "number" && value >= 0 && Number.isSafeInteger(Math.round(value * Instant.SECOND))

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? RawText.fromText(value) : null)

/** How many ordinals are tried: few commands run more often in one second. */
const TRIED = 4

/** The ordinal that went into an imported entry's id, where it can be found: that of a redacted command cannot. */
const ordinalOf = (id: EntryId, start: number | null, command: string): number | null => {
  for (let ordinal = 0; ordinal < TRIED; ordinal++) {
    if (importedId(start, command, ordinal) === id) return ordinal
  }
  return null
}
