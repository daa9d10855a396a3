/**
 * Moments as people write them, for --after, --before and --since.
 *
 *     2023-03-01              the beginning of that day, local time; also 2023-03 and 2023
 *     2023-03-01 14:30        local time; with Z or an offset such as +02:00 the time there
 *     15m, 1h30m, 2 weeks     that long ago, with or without "ago"
 *     today, yesterday        the beginning of that day
 *     @1700000000             seconds since 1970
 *     last monday, 3 nov      whatever chrono-node reads as English; loaded only when none of the above fits
 *
 * A day means its beginning: `--after yesterday` holds all of yesterday, `--before yesterday` nothing of it. What has no year or week of its own
 * lies in the past, for that is where history is.
 */

import { Effect } from "effect"
import * as Instant from "../domain/Instant.ts"
import { printable } from "./Printable.ts"
import { UsageError } from "./UsageError.ts"

/** µs since 1970 of what was meant when it was `now` (µs, too). */
export const parseWhen = Effect.fn("When.parse")(function* (text: string, now: number) {
  const trimmed = text.trim()
  const simple = parseSimple(trimmed, now)
  if (simple !== null) return simple
  const spoken = WORDS.test(trimmed) ? yield* parseSpoken(trimmed, now) : null
  if (spoken !== null && Number.isSafeInteger(spoken)) return spoken
  return yield* new UsageError({ what: "Not a date or time that hx understands", subject: quoted(text), hint: HINT })
})

const HINT = "Write it like 2023-03-01, 2023-03-01 14:30, yesterday, 15m, 2 weeks ago or last monday"

/** What the user typed goes back to the terminal: nothing in it may steer it. */
const quoted = (text: string): string => `"${printable(text)}"`

/** The forms that need no grammar; null for any other, and for what lies so far ahead (2255) that µs are not exact any more. */
export const parseSimple = (text: string, now: number): number | null => {
  const at =
    parseDay(text, now) ?? parseLocal(text) ?? Instant.fromIso(text) ?? parseSeconds(text) ?? parseAgo(text, now)
  return at === null || Number.isSafeInteger(at) ? at : null
}

const parseDay = (text: string, now: number): number | null => {
  const days = ["today", "yesterday"].indexOf(text.toLowerCase())
  if (text.toLowerCase() === "now") return now
  if (days === -1) return null
  const date = new Date(now / 1000)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - days).getTime() * 1000
}

const LOCAL = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?)?)?$/

/** ISO 8601 without an offset, down to whatever precision was written. */
const parseLocal = (text: string): number | null => {
  const parts = LOCAL.exec(text)
  if (parts === null) return null
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)))
  const date = new Date(year, month - 1, day, hour, minute, second)
  const exists =
    year >= 1970 && date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60
  return exists ? date.getTime() * 1000 + Number((parts[7] ?? "").padEnd(6, "0")) : null
}

const parseSeconds = (text: string): number | null =>
  /^@\d{1,10}$/.test(text) ? Number(text.slice(1)) * Instant.SECOND : null

const UNITS: ReadonlyArray<readonly [unit: RegExp, seconds: number]> = [
  [/^s(ec(ond)?s?)?$/i, 1],
  [/^m(in(ute)?s?)?$/i, 60],
  [/^h((ou)?rs?)?$/i, 3600],
  [/^d(ays?)?$/i, 86_400],
  [/^w(eeks?)?$/i, 604_800]
]

const AGO = /^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i
const AMOUNT = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi

const parseAgo = (text: string, now: number): number | null => {
  const span = text.replace(/\s*\bago$/i, "")
  if (!AGO.test(span)) return null
  let seconds = 0
  for (const [, amount, unit = ""] of span.matchAll(AMOUNT)) {
    const size = UNITS.find(([pattern]) => pattern.test(unit))?.[1]
    if (size === undefined) return null
    seconds += Number(amount) * size
  }
  const instant = now - Math.round(seconds * Instant.SECOND)
  return Number.isSafeInteger(instant) ? instant : null
}

/** Numbers with slashes or dots mean one day here and another there: those are refused. */
const WORDS = /^(?!.*\d\s*[/.]\s*\d).*[a-z:]/i

/** Loaded when it is needed: the grammar of a language takes longer to load than all else takes to run. */
const parseSpoken = (text: string, now: number): Effect.Effect<number | null> =>
  Effect.promise(() => import("./SpokenDate.ts")).pipe(Effect.map((module) => module.parseSpokenDate(text, now)))
