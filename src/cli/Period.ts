/**
 * Stretches of time as people name them, for --period:
 *
 *     today, yesterday
 *     week, month, year               this one so far; Monday is the first day of a week
 *     last week, last month, last year
 *     2026, 2026-11, 2026-11-30       that year, month or day
 *     30d, "2 weeks"                  from that long ago until now
 */

import { Effect } from "effect"
import { printable } from "./Printable.ts"
import { UsageError } from "./UsageError.ts"
import { parseSimple } from "./When.ts"

export interface Period {
  /** µs since 1970: from this moment on, and up to this one without it. */
  readonly after: number
  readonly before?: number
}

export const parsePeriod = (text: string, now: number): Effect.Effect<Period, UsageError> => {
  const period = named(text.trim().toLowerCase().replace(/\s+/g, " "), now)
  const what = "Not a period that hx understands"
  return period === null
    ? new UsageError({ what, subject: `"${printable(text)}"`, hint: HINT })
    : Effect.succeed(period)
}

const HINT = "Write it like today, week, last month, year, 2026, 2026-11 or 30d; or give --after and --before"

const named = (text: string, now: number): Period | null => {
  const date = new Date(now / 1000)
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  const monday = day - ((date.getDay() + 6) % 7)
  switch (text) {
    case "today":
      return { after: begin(year, month, day) }
    case "yesterday":
      return { after: begin(year, month, day - 1), before: begin(year, month, day) }
    case "week":
    case "this week":
      return { after: begin(year, month, monday) }
    case "last week":
      return { after: begin(year, month, monday - 7), before: begin(year, month, monday) }
    case "month":
    case "this month":
      return { after: begin(year, month, 1) }
    case "last month":
      return { after: begin(year, month - 1, 1), before: begin(year, month, 1) }
    case "year":
    case "this year":
      return { after: begin(year, 0, 1) }
    case "last year":
      return { after: begin(year - 1, 0, 1), before: begin(year, 0, 1) }
    default:
      return calendar(text, now) ?? ago(text, now)
  }
}

/** A year, a month or a day by its number. */
const calendar = (text: string, now: number): Period | null => {
  const parts = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(text)
  const after = parts === null ? null : parseSimple(text, now)
  if (parts === null || after === null) return null
  const [year, month, day] = parts.slice(1).map((part) => (part === undefined ? null : Number(part)))
  if (month == null) return { after, before: begin(year! + 1, 0, 1) }
  if (day == null) return { after, before: begin(year!, month, 1) }
  return { after, before: begin(year!, month - 1, day + 1) }
}

const ago = (text: string, now: number): Period | null => {
  const after = /^\d+(\.\d+)? ?[a-z]/.test(text) ? parseSimple(text, now) : null
  return after === null ? null : { after }
}

/** The beginning of a local day, which may be later than midnight. */
const begin = (year: number, month: number, day: number): number => new Date(year, month, day).getTime() * 1000
