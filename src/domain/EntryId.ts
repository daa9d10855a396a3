/**
 * Entry ids are derived from what ran, so that recording or importing the same thing twice, on one device or on several, names
 * the same entry. An id is the first 128 bits of
 *
 *     SHA-256( tag ‖ field ‖ field ‖ … )      tag and every field as: byte length (decimal, ASCII) ‖ ":" ‖ UTF-8 bytes
 *
 *     live       tag "hx.entry.live.1"      fields session, counter, start (µs), command
 *     imported   tag "hx.entry.import.1"    fields start (µs), command, ordinal
 *     undated    tag "hx.entry.undated.1"   fields command, ordinal
 *
 * Numbers are decimal ASCII; text is RawText as UTF-8. The ordinal counts, from 0, the earlier entries of the same source with the same
 * start and command; where there is a start, those of one run of entries with that start: an equal pair further away is a copy. Ids are
 * taken before redaction, so a better redaction pattern never duplicates an entry.
 */

import type { Brand } from "effect"
import { hash } from "node:crypto"
import type { Entry } from "./Entry.ts"
import { LIVE } from "./Entry.ts"

/** 128 bits as 32 lowercase hex digits. */
export type EntryId = string & Brand.Brand<"hx/EntryId">

const ENTRY_ID = /^[0-9a-f]{32}$/

export const isEntryId = (text: string): text is EntryId => ENTRY_ID.test(text)

export const liveId = (session: string, counter: number, start: number, command: string): EntryId =>
  digest(LIVE_TAG + field(session) + numeric(counter) + numeric(start) + field(command))

export const importedId = (start: number | null, command: string, ordinal: number): EntryId =>
  start === null
    ? digest(UNDATED_TAG + field(command) + numeric(ordinal))
    : digest(IMPORT_TAG + numeric(start) + field(command) + numeric(ordinal))

/** The id that an entry's body gives, or null where the body does not tell (see Entry.ordinal). */
export const derivedId = (entry: Omit<Entry, "id">): EntryId | null => {
  if (entry.ordinal === null) return null
  if (entry.origin !== LIVE) return importedId(entry.start, entry.command, entry.ordinal)
  return entry.session === null || entry.start === null
    ? null
    : liveId(entry.session, entry.ordinal, entry.start, entry.command)
}

/** The first 128 bits of a SHA-256, in hex. */
export const digest = (text: string): EntryId => hash("sha256", text, "hex").slice(0, 32) as EntryId

/** One length-prefixed field: no two lists of fields give the same bytes. */
export const field = (text: string): string => `${Buffer.byteLength(text, "utf8")}:${text}`

const LIVE_TAG = field("hx.entry.live.1")
const IMPORT_TAG = field("hx.entry.import.1")
const UNDATED_TAG = field("hx.entry.undated.1")

const numeric = (value: number): string => {
  const digits = decimal(value)
  return `${digits.length}:${digits}`
}

const MILLION = 1_000_000

/** String(value); in two parts, since engines write numbers beyond 32 bits slowly, and every entry of a history has one. */
const decimal = (value: number): string => {
  if (value < MILLION * MILLION || !Number.isSafeInteger(value)) return String(value)
  const high = Math.floor(value / MILLION)
  const low = value - high * MILLION
  return `${high}${low < MILLION / 10 ? String(low).padStart(6, "0") : low}`
}
