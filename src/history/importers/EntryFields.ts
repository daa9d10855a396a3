/**
 * One entry as hx's own JSON and JSONL hold it, read back:
 *
 *     { "id", "command", "start", "duration", "exit", "cwd", "session", "host", "user", "shell", "origin" }
 *
 * `start` is ISO 8601 with an offset, `duration` seconds, `exit` an integer, the rest text; each but `command` may be null or missing. Keys that are
 * not known are ignored. Text is RawText: well-formed Unicode, in which bytes that are not UTF-8 stand as U+10FF80..U+10FFFF, so nothing is lost.
 */

import { type Entry, LIVE } from "../../domain/Entry.ts"
import { derivedId, type EntryId, isEntryId } from "../../domain/EntryId.ts"
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
  const wrong = Object.keys(CHECKS).find((key) => !(CHECKS[key]?.(fields[key] ?? null) ?? true))
  if (wrong !== undefined) return problem(line, `an entry whose "${wrong}" cannot be read`)
  const text = (key: string) => (typeof fields[key] === "string" ? RawText.fromText(fields[key]) : null)
  const id = (fields["id"] ?? null) as EntryId | null
  const body = {
    start: typeof fields["start"] === "string" ? Instant.fromIso(fields["start"]) : null,
    duration: typeof fields["duration"] === "number" ? Math.round(fields["duration"] * Instant.SECOND) : null,
    exit: (fields["exit"] ?? null) as number | null,
    command: text("command") ?? "",
    cwd: text("cwd"),
    session: text("session"),
    host: text("host"),
    user: text("user"),
    shell: text("shell"),
    origin: text("origin") ?? "import:json"
  }
  return { kind: "entry", line, id, ...body, ordinal: id === null ? null : ordinalOf(id, body) }
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => value === null || (typeof value === "string" && !value.includes("\0"))

const CHECKS: Readonly<Record<string, Check>> = {
  id: (value) => value === null || (typeof value === "string" && isEntryId(value)),
  command: (value) => typeof value === "string" && /\S/.test(value) && isText(value) && value.length <= MAX_COMMAND,
  start: (value) => value === null || (typeof value === "string" && Instant.fromIso(value) !== null),
  duration: (value) =>
    value === null ||
    (typeof value === "number" && value >= 0 && Number.isSafeInteger(Math.round(value * Instant.SECOND))),
  exit: (value) => value === null || Number.isSafeInteger(value),
  cwd: isText,
  session: isText,
  host: isText,
  user: isText,
  shell: isText,
  origin: (value) => value === null || (isText(value) && (value === LIVE || /^import:./.test(String(value))))
}

/** How many ordinals are tried: few commands run more often in one second. */
const TRIED = 4

/** The ordinal that went into the id, where it can be found: a live entry's counter cannot, nor that of a redacted command. */
const ordinalOf = (id: EntryId, body: Omit<Entry, "id" | "device" | "ordinal">): number | null => {
  if (body.origin === LIVE) return null
  for (let ordinal = 0; ordinal < TRIED; ordinal++) {
    if (derivedId({ ...body, device: NO_DEVICE, ordinal }) === id) return ordinal
  }
  return null
}

const NO_DEVICE = "" as Entry["device"]
