/**
 * The digest of a history: one number for a set of entries, the same in whatever order they are met, so that two devices, or a device and a
 * backup, can be compared without sorting or holding anything.
 *
 *     digest(entries) = Σ SHA-256( tag ‖ field ‖ field ‖ … ) mod 2^256      over the entries, each id once; 64 lowercase hex digits
 *
 *     tag      "hx.digest.1"
 *     fields   id, start, duration, exit, command, cwd, session, host, user, shell, origin
 *
 * Tag and known fields are length-prefixed as in EntryId.ts (byte length in decimal ‖ ":" ‖ UTF-8 bytes of the RawText), unknown ones are "-";
 * numbers are decimal, times in µs; a SHA-256 is read as a big-endian number. The device that captured an entry and its ordinal are not in
 * it: an export does not carry them. The digest tells damage and difference; it is no proof against somebody who forges entries.
 */

import { hash } from "node:crypto"
import type { Entry } from "./Entry.ts"
import { field } from "./EntryId.ts"

export type DigestedEntry = Omit<Entry, "device" | "ordinal">

export interface HistoryDigest {
  readonly add: (entry: DigestedEntry) => void
  /** The digest of what has been added so far. */
  readonly value: () => string
}

export const makeHistoryDigest = (): HistoryDigest => {
  /** The sum as eight digits of 32 bits, the lowest last; each may grow to 2^53 before its carry is moved on. */
  const sums = new Float64Array(WORDS)
  let pending = 0

  return {
    add: (entry) => {
      const bytes = hash("sha256", encode(entry), "buffer")
      for (let word = 0; word < WORDS; word++) sums[word] = (sums[word] ?? 0) + bytes.readUInt32BE(4 * word)
      if (++pending < CARRY_EVERY) return
      pending = 0
      carry(sums)
    },
    value: () => {
      carry(sums)
      return Array.from(sums, (word) => word.toString(16).padStart(8, "0")).join("")
    }
  }
}

const WORDS = 8
const CARRY_EVERY = 2 ** 20
const WORD = 2 ** 32

const carry = (sums: Float64Array): void => {
  let over = 0
  for (let word = WORDS - 1; word >= 0; word--) {
    const sum = (sums[word] ?? 0) + over
    over = Math.floor(sum / WORD)
    sums[word] = sum - over * WORD
  }
}

const encode = (entry: DigestedEntry): string =>
  TAG +
  field(entry.id) +
  known(entry.start) +
  known(entry.duration) +
  known(entry.exit) +
  field(entry.command) +
  known(entry.cwd) +
  known(entry.session) +
  known(entry.host) +
  known(entry.user) +
  known(entry.shell) +
  field(entry.origin)

const TAG = field("hx.digest.1")

const known = (value: string | number | null): string => (value === null ? "-" : field(String(value)))
