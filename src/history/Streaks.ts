/** Days in a row on which something was run. */

export interface Streak {
  readonly length: number
  /** Its first and last day (LocalTime.ts); null where it is none. */
  readonly first: number | null
  readonly last: number | null
}

export interface Streaks {
  /** Of equals the latest. */
  readonly longest: Streak
  /** The one that reaches today, or yesterday: today is not over. */
  readonly current: Streak
}

/** `isDay`: a day that there never was interrupts nothing. */
export const streaksOf = (days: Iterable<number>, today: number, isDay: (day: number) => boolean): Streaks => {
  let longest = NONE
  let run = NONE
  let current = NONE
  for (const day of Array.from(days).sort((a, b) => a - b)) {
    const goesOn = run.last !== null && follows(run.last, day, isDay)
    run = goesOn ? { ...run, length: run.length + 1, last: day } : { length: 1, first: day, last: day }
    if (run.length >= longest.length) longest = run
    if (day === today || (day < today && follows(day, today, isDay))) current = run
  }
  return { longest, current }
}

const NONE: Streak = { length: 0, first: null, last: null }

const follows = (day: number, next: number, isDay: (day: number) => boolean): boolean =>
  next === day + 1 || (next === day + 2 && !isDay(day + 1))
