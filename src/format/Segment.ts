/**
 * A segment: a run of consecutive operations of one device log, in columns. The same bytes are the inline tail of a manifest. What is described
 * here is the plaintext; Envelope.ts compresses and seals it.
 *
 *     segment = version (1 byte) = 1 ‖ 16 sections ‖ further sections (see kind 5)        each section: length in bytes (varint) ‖ content
 *
 * Varints, signed numbers and columns of them are those of ByteColumn.ts; ids are 16 bytes. A list of texts is texts in UTF-8, each followed by
 * the byte FF, which UTF-8 never contains; so commands that are not UTF-8 are kept as RawText.ts says.
 *
 *      0  kinds        pairs of varints: kind, how many operations in a row are of that kind (at least 1)
 *      1  commands     list of texts: the distinct commands in order of first appearance
 *      2  command      column, one for each add:
 *                        0 = the next text of the list, used this once
 *                        1 = the next text of the list, used again later: it gets the next number, from 0
 *                        2 to 33 = the one at place 0 to 31 among the recent: the last 32 distinct commands with a number, the latest used first
 *                        k from 34 = the command with number k - 34, which is not among the recent
 *      3  terms        list of texts
 *      4  contexts     for each, 6 varints: session, host, user, shell, origin, device: each 0 = unknown, k = term k - 1. The origin is always
 *                      known; a device is a term of 32 lowercase hex digits, and 0 is the device whose log this is
 *      5  context      column, one for each add: 0 = the same as the add before; 1 = the next of the contexts; k = k - 2 before the newest
 *      6  directories  list of texts
 *      7  directory    column, one for each add: 0 = the same as the last add of this context had (at first: unknown); 1 = unknown; k = directory
 *                      k - 2
 *      8  shapes       for each add, one byte, a sum of: 1 start known, 2 start has µs, 4 duration known, 8 duration is in µs, else in seconds,
 *                      16 exit status known, 32 ordinal known, 64 id stored. 128 is never set
 *      9  start        column, one for each known start, signed: its second, less that of the known start before (at first: less 0)
 *     10  start µs     column of varints, one for each start that has them: the µs since that second
 *     11  duration     column, one for each known duration, signed
 *     12  exit         column, one for each known exit status, signed
 *     13  ordinal      column, one for each known ordinal, signed: the ordinal less the one expected
 *     14  ids          for each add whose id is stored, 16 bytes
 *     15  others       for each operation of kinds 2, 3 and 4, in the order of the log, what is said below
 *
 *     kind 1  add      in the columns. Where no id is stored it is the one that follows from the entry (domain/EntryId.ts)
 *     kind 2  finish   id ‖ varint: 0 = exit status unknown, or 1 ‖ signed ‖ varint: 0 = duration unknown, or 1 ‖ signed: µs
 *     kind 3  forget   varint: number of ids ‖ ids ‖ varint: number of twins ‖ twins ‖ varint: number of windows ‖ for each window: from, to (signed,
 *                      µs) ‖ device: 16 bytes; all zero for every device
 *     kind 4  purged   identity: 16 bytes
 *     kind 5 and up    made by a newer hx. A reader stops before the first of them and says so; what comes before is good. What they need is in
 *                      further sections, which follow only where there are such kinds. Kind 0 is an error
 *
 * The second of a time is floor(µs / 1,000,000). The ordinal expected is: for a live entry, one more than that of the last add of the same context
 * that had one (at first: 0); for an imported one without a start, one more than that of the last such add of the same command (at first: 0); for
 * any other, 0.
 *
 * A reader refuses columns, commands and contexts that are more than the operations need; an index beyond its list; text that is not UTF-8;
 * numbers beyond ±(2^53 - 1); µs of a start beyond 999,999; a negative ordinal; more than 250,000 operations; lists of commands, contexts or
 * directories that are longer than the number of operations, or of terms six times that. A plaintext has at most 64 MiB; writers begin the next
 * segment at 32 MiB.
 *
 * A segment's id is 16 bytes: the first of HMAC-SHA-256, under derive(epoch key, "hx.segment.id.1", vault id) of 32 bytes (Keyring.ts), of the
 * plaintext; without encryption the first of SHA-256( fields("hx.segment.id.1", vault id) ‖ plaintext ). The same run of operations gets the same
 * name under the same key, and the name tells nothing to who has no key.
 */

import { Data } from "effect"
import { createHash, createHmac } from "node:crypto"
import { derive, fields, type Keyring } from "./Keyring.ts"

export class SegmentError extends Data.TaggedError("SegmentError")<{
  readonly reason:
    | "Malformed" // it breaks the rules above
    | "NewerFormat"
    | "Unwritable" // an operation that the format cannot hold: a number that is no integer, an id that is none
  readonly detail: string
}> {
  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }
}

export const SEGMENT_VERSION = 1

export const SECTIONS = 16

export const KIND = { add: 1, finish: 2, forget: 3, purged: 4 } as const

export const SHAPE = {
  start: 1,
  startMicros: 2,
  duration: 4,
  durationMicros: 8,
  exit: 16,
  ordinal: 32,
  id: 64,
  never: 128
} as const

/** Values of the command column below the numbers of commands. */
export const COMMAND = { once: 0, first: 1, recent: 2, numbered: 34 } as const

/** How many commands count as recent. */
export const RECENT = COMMAND.numbered - COMMAND.recent

/** Ends every text in a list. */
export const TEXT_END = 0xff

export const SECOND = 1_000_000

/** Of one segment. */
export const MAX_OPERATIONS = 250_000

/** Where a writer begins the next segment, whichever comes first: operations, or bytes of plaintext. */
export const CUT_OPERATIONS = MAX_OPERATIONS
export const CUT_PLAINTEXT = 32 * 1024 * 1024

export const EVERY_DEVICE = "0".repeat(32)

/** The id of a segment with this plaintext, written under the newest epoch of this vault. */
export const segmentId = (plaintext: Uint8Array, keyring: Keyring): string => {
  const tag = "hx.segment.id.1"
  const key = keyring.keys.get(keyring.epoch)
  if (keyring.encrypted && key === undefined) throw new RangeError(`no key for epoch ${keyring.epoch}`)
  const hash =
    key === undefined
      ? createHash("sha256").update(fields([tag, keyring.vaultId]))
      : createHmac("sha256", derive(key, [tag, keyring.vaultId], 32))
  return hash.update(plaintext).digest("hex").slice(0, 32)
}

/** SHA-256 of a plaintext, as manifests carry it: 64 hex digits. */
export const plaintextHash = (plaintext: Uint8Array): string => createHash("sha256").update(plaintext).digest("hex")
