/**
 * A calendar of the last weeks, as forges draw what somebody contributed: a column for each week, a line for each weekday, Monday first, and in
 * each cell how much was run that day.
 *
 * Days are counted from 1970-01-01, a Thursday.
 */

export interface Calendar {
  /** First and last day. The last week ends with the last day, which may be in its middle. */
  readonly from: number
  readonly to: number
  /** From Monday to Sunday, each with a level for each week: 0 for nothing, 1 to LEVELS; null where the day lies beyond the last. */
  readonly weekdays: ReadonlyArray<ReadonlyArray<number | null>>
  /** Names of months, and the week in which each begins. */
  readonly months: ReadonlyArray<readonly [week: number, name: string]>
}

export const LEVELS = 4

/** Of a year and its rest: the same weekday a year ago is still there. */
export const YEAR = 53

/** `weeks` of them, the last one with day `to` in it. */
export const calendarOf = (days: ReadonlyMap<number, number>, to: number, weeks: number): Calendar => {
  const from = mondayOf(to) - 7 * (weeks - 1)
  const level = levelOf(Array.from(days).flatMap(([day, count]) => (day >= from && day <= to ? [count] : [])))
  return {
    from,
    to,
    weekdays: Array.from({ length: 7 }, (_, weekday) =>
      Array.from({ length: weeks }, (_week, week) => {
        const day = from + 7 * week + weekday
        return day > to ? null : level(days.get(day) ?? 0)
      })
    ),
    months: monthsOf(from, weeks)
  }
}

/**
 * Shades between nothing and what nine of ten active days stay below: a single day with a thousand commands leaves the others
 * their differences.
 */
const levelOf = (counts: ReadonlyArray<number>): ((count: number) => number) => {
  const active = counts.filter((count) => count > 0).sort((a, b) => a - b)
  const much = active[Math.floor(0.9 * (active.length - 1))] ?? 1
  return (count) => (count <= 0 ? 0 : Math.min(LEVELS, Math.ceil((LEVELS * count) / much)))
}

/** A month begins in the week that has its first day; one that began before the calendar is named where there is room before the next. */
const monthsOf = (from: number, weeks: number): Calendar["months"] => {
  const starts: Array<readonly [number, string]> = []
  for (let week = 0; week < weeks; week++) {
    const [first, last] = [dateOf(from + 7 * week), dateOf(from + 7 * week + 6)]
    const begins = first.getUTCDate() === 1 || first.getUTCMonth() !== last.getUTCMonth()
    if (begins || week === 0) starts.push([week, MONTHS[(begins ? last : first).getUTCMonth()]!])
  }
  return starts
}

const mondayOf = (day: number): number => day - ((((day + 3) % 7) + 7) % 7)

const dateOf = (day: number): Date => new Date(day * 86_400_000)

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const
