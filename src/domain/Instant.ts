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
  const known = year >= FIRST_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  if (!known || hour > 23 || minute > 59 || second > 59) return null
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** Before it Date.UTC reads years in its own way; no history is that old. */
const FIRST_YEAR = 100

const daysIn = (year: number, month: number): number => {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

const offsetMinutes = (offset: string): number => {
  if (offset === "Z" || offset === "z") return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return offset.startsWith("-") ? -minutes : minutes
}
