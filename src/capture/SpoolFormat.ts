/**
 * The spool format: how shells tell hx, with nothing but their builtins, what ran.
 *
 * A spool file is a run of records, each appended by one shell. A record is
 *
 *     LF "hx1" SP kind SP length NUL  body  "hx." LF
 *
 *     length   of the body, in bytes, as decimal ASCII; at most 16 MiB
 *     body     fields, a NUL after each
 *
 *     kind b   a command begins   session, counter, start, cwd, host, user, shell, command
 *     kind e   a command ended    session, counter, start, exit, duration
 *     B, E     the same with every field percent-encoded (RFC 3986), for shells that cannot count the bytes of raw text
 *
 *     session    [0-9a-z-], 8 to 64 of them, no two shells the same
 *     counter    1, 2, 3 … in a session; with session and start it tells which command an `e` ends
 *     start      microseconds since 1970, decimal
 *     exit       the shell's $?, decimal; empty where it is not known
 *     duration   microseconds, decimal; empty where it is not known, and no better known when a clock that was set back makes it negative
 *     command    the bytes that were typed, without the newline that ended them; the others of `b` are empty where they are not known
 *
 * Shells write a record in pieces (bash at every line and 4,096 bytes, zsh at 8,192), and are killed between them; disks fill up. So a reader
 * relies on nothing but what it can check: a record begins with its magic, says its length, and where that ends there is the end marker, with
 * the right number of NULs between. What fails is torn, and the search goes on one byte after its beginning: the newline before "hx1" makes the
 * next record whole, whatever was cut off before it, and a record that got between the pieces of another is found as well. The newline after
 * "hx." may be the one before "hx1": a record that was torn just there lacks nothing. There is no checksum, which would cost a shell too much:
 * two torn records of one session that fit together to the byte are read as one.
 *
 * NULs between records are what is left of records taken in before, and say nothing; nor do newlines. All else is skipped, and told.
 */

import { FIELDS, fromFields, type Kind, type SpoolRecord, toFields } from "./SpoolRecord.ts"

/** Bytes of a body at most, and so, with a chunk, of what a decoder holds. */
export const MAX_BODY = 16 * 1024 * 1024

/** From byte `from` of the file up to byte `to`, which is not in it. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

export type SpoolItem =
  | (Stretch & { readonly kind: "record"; readonly record: SpoolRecord })
  | (Stretch & { readonly kind: "skipped"; readonly why: Skipped })

/** Torn: its end is missing, or something is in between. Malformed: whole, but its fields make no sense. Foreign: nothing of a record. */
export type Skipped = "torn" | "malformed" | "over-long" | "foreign"

export interface SpoolDecoder {
  /** What these bytes complete, in the order of the file. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<SpoolItem>
  /** The file ends here for now: what can be told at last, and where a record begins that may yet be completed. */
  readonly end: () => { readonly items: ReadonlyArray<SpoolItem>; readonly tail: Stretch | null }
}

export const spoolDecoder = (): SpoolDecoder => {
  let held: Array<Uint8Array> = []
  let heldBytes = 0
  /** With fewer bytes than this at hand there is nothing new to be found. */
  let needed = 1
  /** The bytes at hand, the offset of the first of them in the file, and how many of them are behind us. */
  let buffer: Buffer = Buffer.alloc(0)
  let offset = 0
  let position = 0
  /** What has been passed over since the last record, without what stands between records anyway. */
  let passed: { from: number; to: number; why: Skipped } | undefined
  /** At the end: where the first record begins that goes beyond it. */
  let open: number | undefined
  let out: Array<SpoolItem> = []

  const gather = () => {
    buffer = Buffer.concat([buffer.subarray(position), ...held])
    offset += position
    position = 0
    held = []
    heldBytes = 0
  }

  const passTo = (end: number, why: Skipped) => {
    let [from, to] = [position, end]
    while (from < to && isBetween(buffer[from])) from++
    while (to > from && isBetween(buffer[to - 1])) to--
    if (from < to) passed = { from: passed?.from ?? offset + from, to: offset + to, why: worse(passed?.why, why) }
    position = end
  }

  /** What begins here is no whole record; there may be one inside it. */
  const passOne = (at: number, why: Skipped) => {
    passTo(at, "foreign")
    passed = { from: passed?.from ?? offset + at, to: offset + at + 1, why: worse(passed?.why, why) }
    position = at + 1
    return true
  }

  const tellPassed = () => {
    if (passed !== undefined) out.push({ kind: "skipped", ...passed })
    passed = undefined
  }

  const wait = (bytes: number) => {
    needed = bytes
    return false
  }

  /** What is at this place goes beyond the bytes at hand, by so many at least. False where it has to be waited for. */
  const goesOn = (at: number, bytes: number, final: boolean): boolean => {
    passTo(at, "foreign")
    if (!final) return wait(bytes - at)
    if (open === undefined) {
      tellPassed()
      open = offset + at
    }
    return passOne(at, "torn")
  }

  const take = (at: number, { bodyAt, kind, length }: Header): boolean => {
    const marker = bodyAt + length
    const fields = END.equals(buffer.subarray(marker, marker + END.length))
      ? fieldsOf(buffer.subarray(bodyAt, marker), FIELDS[plain(kind)])
      : undefined
    if (fields === undefined) return false
    passTo(at, "foreign")
    tellPassed()
    open = undefined
    const record = recordOf(kind, fields)
    position = marker + END.length - 1
    const stretch = { from: offset + at, to: offset + position }
    out.push(
      record === undefined ? { kind: "skipped", why: "malformed", ...stretch } : { kind: "record", record, ...stretch }
    )
    return true
  }

  /** One step forward; false where there is none to be made. */
  const step = (final: boolean): boolean => {
    const at = buffer.indexOf(MAGIC, position)
    if (at === -1) {
      const cut = beginningAtEnd(buffer, position)
      const isTail = cut < buffer.length - 1 || (cut < buffer.length && !final)
      if (isTail) return goesOn(cut, buffer.length + 1, final)
      passTo(buffer.length, "foreign")
      return wait(1)
    }
    const header = headerAt(buffer, at)
    if (header === "short") return goesOn(at, buffer.length + 1, final)
    if (header === undefined) return passOne(at, "foreign")
    if (header.length > MAX_BODY) return passOne(at, "over-long")
    const end = header.bodyAt + header.length + END.length
    if (end > buffer.length) return goesOn(at, end, final)
    return take(at, header) || passOne(at, "torn")
  }

  const items = () => {
    const told = out
    out = []
    return told
  }

  return {
    push: (chunk) => {
      held.push(chunk)
      heldBytes += chunk.length
      if (buffer.length - position + heldBytes < needed) return []
      gather()
      while (step(false));
      return items()
    },
    end: () => {
      gather()
      while (position < buffer.length) step(true)
      const tail = open === undefined ? null : { from: open, to: offset + buffer.length }
      if (tail === null) tellPassed()
      return { items: items(), tail }
    }
  }
}

/** A record's bytes, as a shell writes them. */
export const encodeRecord = (record: SpoolRecord, encoding: "raw" | "percent" = "raw"): Uint8Array => {
  const kind = record.kind === "begin" ? "b" : "e"
  const fields = toFields(record).map((field) => (encoding === "raw" ? field : percentEncoded(field)))
  const body = Buffer.concat(fields.flatMap((field) => [field, NUL]))
  const header = `hx1 ${encoding === "raw" ? kind : kind.toUpperCase()} ${body.length}\0`
  return Buffer.concat([Buffer.from(`\n${header}`), body, END])
}

const isBetween = (byte: number | undefined): boolean => byte === 0 || byte === LF

interface Header {
  readonly kind: string
  readonly length: number
  readonly bodyAt: number
}

const MAGIC = Buffer.from("\nhx1 ")
const END = Buffer.from("hx.\n")
const LF = 0x0a
const NUL = Buffer.alloc(1)

/** Bytes of a header at most: kind, a space, a length that is no more than too long, NUL. */
const LONGEST_HEADER = MAGIC.length + 2 + 12 + 1
const HEADER = /^([beBE]) (\d{1,12})\0/
const HEADER_BEGINS = /^([beBE]( \d{0,12})?)?$/

const plain = (kind: string): Kind => (kind === "b" || kind === "B" ? "b" : "e")

const headerAt = (buffer: Buffer, at: number): Header | "short" | undefined => {
  const text = buffer.toString("latin1", at + MAGIC.length, at + LONGEST_HEADER)
  const match = HEADER.exec(text)
  if (match === null) return at + LONGEST_HEADER > buffer.length && HEADER_BEGINS.test(text) ? "short" : undefined
  const [whole, kind = "", length = ""] = match
  return { kind, length: Number(length), bodyAt: at + MAGIC.length + whole.length }
}

/** Where the magic begins that the last bytes are the beginning of; else the end. */
const beginningAtEnd = (buffer: Buffer, position: number): number => {
  for (let at = Math.max(position, buffer.length - MAGIC.length + 1); at < buffer.length; at++) {
    if (MAGIC.subarray(0, buffer.length - at).equals(buffer.subarray(at))) return at
  }
  return buffer.length
}

/** So many fields, or undefined where there are more or fewer. It looks at no more than that, however long the body is. */
const fieldsOf = (body: Buffer, count: number): ReadonlyArray<Uint8Array> | undefined => {
  const fields: Array<Uint8Array> = []
  let from = 0
  while (fields.length < count) {
    const to = body.indexOf(0, from)
    if (to === -1) return undefined
    fields.push(body.subarray(from, to))
    from = to + 1
  }
  return from === body.length ? fields : undefined
}

const recordOf = (kind: string, fields: ReadonlyArray<Uint8Array>): SpoolRecord | undefined => {
  if (kind === plain(kind)) return fromFields(plain(kind), fields)
  const decoded = fields.map(percentDecoded)
  return decoded.every((field) => field !== undefined) ? fromFields(plain(kind), decoded) : undefined
}

const PERCENT = 0x25
const HEX = /^[0-9a-fA-F]{2}$/

/** Undefined where a percent sign is followed by no two hex digits, or stands for a NUL, which no command holds. */
const percentDecoded = (bytes: Uint8Array): Uint8Array | undefined => {
  if (!bytes.includes(PERCENT)) return bytes
  const decoded = Buffer.alloc(bytes.length)
  let length = 0
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!
    if (byte !== PERCENT) {
      decoded[length++] = byte
      continue
    }
    const digits = String.fromCharCode(bytes[index + 1] ?? 0, bytes[index + 2] ?? 0)
    if (!HEX.test(digits) || digits === "00") return undefined
    decoded[length++] = Number.parseInt(digits, 16)
    index += 2
  }
  return decoded.subarray(0, length)
}

const UNRESERVED = /[A-Za-z0-9/._~-]/

const percentEncoded = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(
    Array.from(bytes, (byte) => {
      const character = String.fromCharCode(byte)
      return UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
    }).join("")
  )

/** What is told of a stretch with several things in it. */
const worse = (known: Skipped | undefined, why: Skipped): Skipped =>
  known === undefined || known === "foreign" ? why : known
