/**
 * JSON in the objects of a vault: parsed with bounds, written canonically.
 *
 * Canonical JSON is what JSON.stringify gives with the members of every object sorted by name and no white space. Numbers are integers within
 * ±(2^53 - 1), member names are ASCII letters, digits, "_", "." and "-" after a letter, text holds no lone surrogates: so any other language's
 * JSON library gives the same bytes (Python: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)).
 */

import { Either } from "effect"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

/** No document of hx nests deeper; a reader refuses to descend further. */
export const MAX_DEPTH = 16

/** The document, or in one sentence why not: not UTF-8, not JSON, too deep, or holding what canonical JSON cannot. */
export const parseJson = (bytes: Uint8Array): Either.Either<Json, string> => {
  if (depthOf(bytes) > MAX_DEPTH) return Either.left("nested too deeply")
  let value: Json
  try {
    value = JSON.parse(strictUtf8.decode(bytes)) as Json
  } catch {
    return Either.left("not JSON")
  }
  return isPortable(value) ? Either.right(value) : Either.left("holds numbers or text that hx does not write")
}

export const isJsonObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const canonicalJson = (value: Json): string => JSON.stringify(sorted(value))

/** What a document says, short enough for a message that is shown and kept. */
export const inShort = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text)

/** The same order of members, over several lines, for files that people may look into. */
export const readableJson = (value: Json): string => `${JSON.stringify(sorted(value), null, 2)}\n`

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** How deep brackets nest outside strings, counted before any parser sees them. */
const depthOf = (bytes: Uint8Array): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === 0x5c) index++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return deepest
}

const isPortable = (value: Json): boolean => {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value === "string") return value.isWellFormed()
  if (isJsonObject(value)) {
    return Object.entries(value).every(([name, member]) => MEMBER_NAME.test(name) && isPortable(member))
  }
  return Array.isArray(value) ? value.every(isPortable) : true
}

/** Not a number, which JavaScript would move to the front whatever the order, and not `__proto__`. */
const MEMBER_NAME = /^[A-Za-z][A-Za-z0-9_.-]*$/

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([name, member]) => [name, sorted(member)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
