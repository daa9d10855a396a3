/**
 * RawText: any byte string, held as well-formed Unicode text without loss.
 *
 * Shell history is bytes. Nearly all of it is UTF-8, but not all, and nothing may be lost on the way through SQLite, JSON
 * and back into a shell. So bytes that are not UTF-8 are mapped one by one to the code points U+10FF80..U+10FFFF (byte b
 * becomes U+10FF00 + b), which no text uses: they are the last 128 of a private-use plane. Bytes that already spell one of
 * these code points in UTF-8 are escaped the same way, which makes the mapping a bijection between byte strings and its image:
 *
 *     toBytes(fromBytes(b)) = b   for every byte string b
 */

const ESCAPE_BASE = 0x10ff00
const FIRST_ESCAPE = ESCAPE_BASE + 0x80
/** In UTF-8 these code points are F4 8F BE 80 .. F4 8F BF BF; as UTF-16 DBFF DF80 .. DBFF DFFF. */
const HIGH_SURROGATE = 0xdbff
const FIRST_LOW_SURROGATE = 0xdf80

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text that stands for these bytes. */
export const fromBytes = (bytes: Uint8Array): string => {
  let text: string
  try {
    text = strictDecoder.decode(bytes)
  } catch {
    return decodeWithEscapes(bytes)
  }
  return hasEscapes(text) ? decodeWithEscapes(bytes) : text
}

/** The bytes that this text stands for. Lone surrogates, which no byte string gives, become U+FFFD. */
export const toBytes = (text: string): Uint8Array => {
  if (!hasEscapes(text)) return Buffer.from(text, "utf8")
  const parts: Array<Uint8Array> = []
  let plainFrom = 0
  for (let index = 0; index < text.length - 1; index++) {
    if (!isEscapeAt(text, index)) continue
    if (index > plainFrom) parts.push(Buffer.from(text.slice(plainFrom, index), "utf8"))
    parts.push(Uint8Array.of(escapedByteAt(text, index)))
    index++
    plainFrom = index + 1
  }
  parts.push(Buffer.from(text.slice(plainFrom), "utf8"))
  return Buffer.concat(parts)
}

/** Text from a source that promises no well-formedness (JSON, say): lone surrogates become U+FFFD. */
export const fromText = (text: string): string => text.toWellFormed()

/** Whether the text stands for bytes that are not UTF-8. */
export const hasEscapes = (text: string): boolean => {
  for (let index = text.indexOf("\udbff"); index !== -1; index = text.indexOf("\udbff", index + 1)) {
    if (isEscapeAt(text, index)) return true
  }
  return false
}

/** The byte that a code point of this text stands for, or undefined where it stands for itself. */
export const escapedByte = (codePoint: number): number | undefined =>
  codePoint >= FIRST_ESCAPE ? codePoint - ESCAPE_BASE : undefined

const isEscapeAt = (text: string, index: number): boolean =>
  text.charCodeAt(index) === HIGH_SURROGATE && text.charCodeAt(index + 1) >= FIRST_LOW_SURROGATE

const escapedByteAt = (text: string, index: number): number => (text.codePointAt(index) ?? 0) - ESCAPE_BASE

const decodeWithEscapes = (bytes: Uint8Array): string => {
  let text = ""
  let plainFrom = 0
  let index = 0
  const flush = () => {
    if (index > plainFrom)
      text += Buffer.from(bytes.buffer, bytes.byteOffset + plainFrom, index - plainFrom).toString("utf8")
  }
  while (index < bytes.length) {
    const length = sequenceLength(bytes, index)
    if (length > 0) {
      index += length
      continue
    }
    flush()
    text += String.fromCodePoint(ESCAPE_BASE + (bytes[index] ?? 0))
    index++
    plainFrom = index
  }
  flush()
  return text
}

/** Length of the UTF-8 sequence at this index (RFC 3629, table 3-7 of the Unicode standard), or 0 where a byte has to be escaped. */
const sequenceLength = (bytes: Uint8Array, index: number): number => {
  const first = bytes[index] ?? 0
  if (first < 0x80) return 1
  const second = bytes[index + 1] ?? 0
  if (first >= 0xc2 && first <= 0xdf) return isContinuation(second) ? 2 : 0
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80
    const high = first === 0xed ? 0x9f : 0xbf
    return second >= low && second <= high && isContinuation(bytes[index + 2] ?? 0) ? 3 : 0
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80
    const high = first === 0xf4 ? 0x8f : 0xbf
    if (second < low || second > high) return 0
    const third = bytes[index + 2] ?? 0
    if (!isContinuation(third) || !isContinuation(bytes[index + 3] ?? 0)) return 0
    return first === 0xf4 && second === 0x8f && third >= 0xbe ? 0 : 4
  }
  return 0
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80
