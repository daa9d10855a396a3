/**
 * Cuts one JSON object that is too large to hold into its members, and one of these, an array, into its elements.
 *
 * Only the structure is looked at: quotes, escapes, brackets, commas. What stands between them is for JSON.parse to judge. So memory is bounded by
 * the longest value, and values beyond a limit are passed over. Nesting costs a counter.
 */

import type { Parsed } from "./HistoryParser.ts"

export interface JsonValue {
  /** The value's JSON text; null where it is longer than the limit. */
  readonly text: string | null
  /** The number of the line it begins on, from 1. */
  readonly line: number
}

export interface ValueScanner {
  /** Reads on; stops early when asked to. */
  readonly push: (chunk: Uint8Array, out: Array<Parsed>, stopped: () => boolean) => void
  /** Whether the object has been closed. */
  readonly complete: () => boolean
  readonly line: () => number
}

export interface ValueHandler {
  /** The member whose elements are given one by one. */
  readonly arrayKey: string
  /** In bytes. */
  readonly maxValue: number
  readonly member: (key: string, value: JsonValue, out: Array<Parsed>) => void
  readonly element: (value: JsonValue, out: Array<Parsed>) => void
  /** The structure is not that of an object: nothing more is read. */
  readonly broken: (line: number, out: Array<Parsed>) => void
}

type State = "start" | "key" | "colon" | "member" | "element" | "done" | "broken"

export const makeValueScanner = (handler: ValueHandler): ValueScanner => {
  let state: State = "start"
  let line = 1
  let key = ""
  /** The value being read: what earlier chunks held of it, and how deep in it we are. */
  let value: OpenValue | null = null

  const finish = (open: OpenValue, tail: Buffer, out: Array<Parsed>) => {
    value = null
    const size = open.size + tail.length
    const text = size > handler.maxValue ? null : textOf(open.parts, tail)
    if (state === "key") {
      key = text === null ? "" : keyOf(text)
      state = "colon"
    } else if (state === "member") {
      state = "key"
      handler.member(key, { text, line: open.line }, out)
    } else {
      handler.element({ text, line: open.line }, out)
    }
  }

  const fail = (out: Array<Parsed>) => {
    state = "broken"
    handler.broken(line, out)
  }

  /** One byte between values: white space and punctuation. True where a value begins with it. */
  const between = (byte: number, out: Array<Parsed>): boolean => {
    if (isSpace(byte)) return false
    switch (state) {
      case "start":
        if (byte === OPEN_OBJECT) state = "key"
        else if (!BYTE_ORDER_MARK.has(byte)) fail(out)
        return false
      case "key":
        if (byte === QUOTE) return true
        if (byte === CLOSE_OBJECT) state = "done"
        else if (byte !== COMMA) fail(out)
        return false
      case "colon":
        if (byte === COLON) state = "member"
        else fail(out)
        return false
      case "member":
        if (byte !== OPEN_ARRAY || key !== handler.arrayKey) return true
        state = "element"
        return false
      case "element":
        if (byte === CLOSE_ARRAY) state = "key"
        else if (byte === CLOSE_OBJECT) fail(out)
        else return byte !== COMMA
        return false
      default:
        fail(out)
        return false
    }
  }

  return {
    push: (chunk, out, stopped) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let index = 0
      while (index < bytes.length && state !== "broken" && !stopped()) {
        if (value === null) {
          const byte = bytes[index] ?? 0
          if (!between(byte, out)) {
            if (byte === NEWLINE) line++
            index++
            continue
          }
          value = openValue(byte, line)
        }
        const open: OpenValue = value
        const from = index
        index = scanValue(open, bytes, from)
        line += open.newlines
        open.newlines = 0
        if (open.closed) {
          finish(open, bytes.subarray(from, index), out)
        } else {
          open.size += index - from
          if (open.size > handler.maxValue) open.parts = []
          else open.parts.push(Buffer.from(bytes.subarray(from, index)))
        }
      }
    },
    complete: () => state === "done",
    line: () => line
  }
}

interface OpenValue {
  readonly kind: "text" | "nested" | "scalar"
  readonly line: number
  parts: Array<Buffer>
  size: number
  depth: number
  inString: boolean
  escaped: boolean
  newlines: number
  closed: boolean
}

const openValue = (byte: number, line: number): OpenValue => ({
  kind: byte === QUOTE ? "text" : byte === OPEN_OBJECT || byte === OPEN_ARRAY ? "nested" : "scalar",
  line,
  parts: [],
  size: 0,
  depth: 0,
  inString: false,
  escaped: false,
  newlines: 0,
  closed: false
})

/** Moves to the end of the value or of the bytes; gives the index behind it. */
const scanValue = (open: OpenValue, bytes: Buffer, from: number): number => {
  let index = from
  while (index < bytes.length && !open.closed) {
    index = open.inString ? scanString(open, bytes, index) : scanStructure(open, bytes, index)
  }
  return index
}

const scanString = (open: OpenValue, bytes: Buffer, from: number): number => {
  const { length } = bytes
  let index = from
  if (open.escaped) {
    open.escaped = false
    index++
  }
  while (index < length) {
    const byte = bytes[index++]
    if (byte === QUOTE) {
      open.inString = false
      open.closed = open.depth === 0
      return index
    }
    if (byte === BACKSLASH && ++index > length) open.escaped = true
  }
  return length
}

/** Outside strings: to the next string, or to the end of the value. */
const scanStructure = (open: OpenValue, bytes: Buffer, from: number): number => {
  for (let index = from; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    if (open.kind === "scalar" && isEndOfScalar(byte)) {
      open.closed = true
      return index
    }
    if (byte === QUOTE) {
      open.inString = true
      return index + 1
    }
    if (byte === NEWLINE) open.newlines++
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open.depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --open.depth === 0) {
      open.closed = true
      return index + 1
    }
  }
  return bytes.length
}

const textOf = (parts: ReadonlyArray<Buffer>, tail: Buffer): string =>
  (parts.length === 0 ? tail : Buffer.concat([...parts, tail])).toString("utf8")

const keyOf = (json: string): string => {
  try {
    return String(JSON.parse(json))
  } catch {
    return ""
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const NEWLINE = 0x0a
/** Some editors put it before UTF-8. */
const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf])

const isSpace = (byte: number): boolean => byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09

const isEndOfScalar = (byte: number): boolean =>
  isSpace(byte) || byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
