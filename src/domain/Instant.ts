/**
 * Instants: integer microseconds since 1970 UTC, as safe JavaScript numbers (enough until the year 2255).
 *
 * A Date knows milliseconds only, so the microseconds below them are written and read apart.
 */

/** One second, in µs. */
export const SECOND = 1_000_000

/** The instant of a whole number of seconds since 1970, or null where that is no time a history can mean (0, negative, beyond 2255). */
export const fromSeconds = (seconds: number): number | null =>
  Number.isInteger(seconds) && seconds > 0 && seconds * SECOND <= Number.MAX_SAFE_INTEGER ? seconds * SECOND : null

/** ISO 8601 in UTC with all six digits: `2023-11-14T22:13:20.000000Z`. */
export const toIso = (instant: number): string => {
  const micros = ((instant % 1000) + 1000) % 1000
  return `${new Date((instant - micros) / 1000).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}Z`
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)$/

/** The instant that an ISO 8601 date and time with an offset names; null for anything else. Digits below a microsecond are dropped. */
export const fromIso = (text: string): number | null => {
  const parts = ISO.exec(text)
  if (parts === null) return null
  const [, year, month, day, hour, minute, second = "00", fraction = "", offset = "Z"] = parts
  const wall = wallClock(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))
  if (wall === null) return null
  const micros = Number(fraction.padEnd(6, "0").slice(0, 6))
  const instant = (wall - offsetMinutes(offset) * 60_000) * 1000 + micros
  return Number.isSafeInteger(instant) ? instant : null
}

/** Milliseconds since 1970 of a date and time read as UTC; null where the calendar has no such moment (February 30th, 25 o'clock). */
const wallClock = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number
): number | null => {
  if (hour > 23 || minute > 59 || second > 59) return null
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  return date.setUTCHours(hour, minute, second)
}

const offsetMinutes = (offset: string): number => {
  if (offset === "Z" || offset === "z") return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return offset.startsWith("-") ? -minutes : minutes
}
