/**
 * A segment: a run of consecutive operations of one device log, in columns. The same bytes are the inline tail of a manifest. What is described
 * here is the plaintext; Envelope.ts compresses and seals it.
 *
 *     segment = version (1 byte) = 1 ‖ 17 sections, each: length in bytes (varint) ‖ content ‖ further sections, see kind 5 and up
 *
 * Numbers are varints and signed varints as in ByteColumn.ts. Ids are 16 bytes. A list of texts is texts in UTF-8, each followed by the byte FF,
 * which UTF-8 never contains; so commands that are not UTF-8 are kept as RawText.ts says. "Whole" and "micros" are the two parts of a time or
 * duration in µs: whole = floor(µs / 1,000,000), micros = the rest.
 *
 *      0  kinds        pairs of varints: kind, how many operations in a row are of that kind (at least 1)
 *      1  commands     varint: how many commands occur more than once ‖ list of texts: first these, then those that occur once
 *      2  command      for each add, varint: 0 = the next of those that occur once, k = repeated command number k (from 1)
 *      3  terms        list of texts
 *      4  contexts     for each, 6 varints: session, host, user, shell, origin, device, each 0 = unknown or k = term number k (from 1). Origin is
 *                      always known; a device is 32 lowercase hex digits, with 0 = the device whose log this is
 *      5  context      for each add, varint: 0 = the same as the add before; 1 = the next new one; k = the one k - 1 before the newest
 *      6  directories  list of texts
 *      7  directory    for each add, varint: 0 = the same as the last add of this context had; 1 = unknown; k = directory number k - 1 (from 1)
 *      8  shapes       for each add, one byte of flags: 1 start known, 2 start has micros, 4 duration known, 8 duration has micros, 16 exit
 *                      known, 32 ordinal known, 64 id stored; 128 is never set
 *      9  start        for each known start, signed: whole seconds less those of the known start before (0 at first)
 *     10  start µs     for each start that has micros, 3 bytes in planes: all low bytes, then all middle bytes, then all high ones
 *     11  duration     for each known duration, signed: whole seconds
 *     12  duration µs  as 10
 *     13  exit         for each known exit status, signed
 *     14  ordinal      for each known ordinal, signed: less the one expected
 *     15  ids          for each add whose id is stored, 16 bytes
 *     16  others       for each operation of kinds 2, 3 and 4 in the order of the log:
 *
 *     kind 1  add      in the columns above. Where no id is stored it is the one that the body gives (EntryId.ts)
 *     kind 2  finish   id ‖ varint: 0 = exit unknown, 1 = known, then signed: exit ‖ the same for the duration, as a moment
 *     kind 3  forget   varint: number of ids ‖ ids ‖ varint: number of twins ‖ twins ‖ varint: number of windows ‖ for each window: from, to
 *                      (moments) ‖ device: 16 bytes of zero for every device, else its id
 *     kind 4  purged   identity
 *     kind 5 and up    made by a newer hx. A reader stops before the first of them and says so; what comes before is good. They keep what they
 *                      need in further sections, which only then may follow. Kind 0 is an error
 *
 * A moment is signed: whole ‖ varint: micros. The ordinal expected of a live entry is one more than that of the last add of the same context that
 * had one (0 at first); of any other entry, 0. The first add's "before" is no context: its context is a new one.
 *
 * Everything must be used up: a section longer than its operations need, a text or context that none refers to in turn, is an error. So is an
 * index beyond its list, text that is not UTF-8, a number beyond 2^53 - 1. A segment has at most 1,000,000 operations and 64 MiB; writers cut it
 * at 250,000 and 32 MiB.
 *
 * A segment's id is 16 bytes: the first of HMAC-SHA-256( derive(epoch key, "hx.segment.id.1", vault id), 32 bytes; see Keyring.ts ) over the
 * plaintext; without encryption the first of SHA-256( fields("hx.segment.id.1", vault id) ‖ plaintext ). The same run of operations gets the same
 * name under the same key, and the name tells nothing without it.
 */

import { Data } from "effect"
import { createHash, createHmac } from "node:crypto"
import { derive, fields, type Keyring } from "./Keyring.ts"

export class SegmentError extends Data.TaggedError("SegmentError")<{
  readonly reason:
    | "Malformed" // it breaks the rules above
    | "NewerFormat"
    | "Unwritable" // an operation that the format cannot hold: a number out of range, an id that is none
  readonly detail: string
}> {
  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }
}

export const SEGMENT_VERSION = 1

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

export const SECTIONS = 17

/** Ends every text in a list. */
export const TEXT_END = 0xff

export const SECOND = 1_000_000

/** What a reader accepts in one segment. */
export const MAX_OPERATIONS = 1_000_000

/** Where a writer begins the next segment, whichever comes first. */
export const CUT_OPERATIONS = 250_000
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

/** SHA-256 of a plaintext as manifests carry it. */
export const plaintextHash = (plaintext: Uint8Array): string => createHash("sha256").update(plaintext).digest("hex")
