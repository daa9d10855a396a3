/**
 * Moments in the local calendar: on which day, and in which hour of it.
 *
 * Moments come in quarters of an hour since 1970 UTC: no time zone has differed from UTC by less since 1972. What a zone's clock says is asked at the
 * ends of each day and not for each moment: most days have no change of the clock, and those that have are asked quarter by quarter.
 */

export interface LocalMoment {
  /** The local calendar day, counted from 1970-01-01. */
  readonly day: number
  /** 0 to 23. A day on which clocks go forward lacks one, one on which they go back has one twice. */
  readonly hour: number
}

export const MINUTES_OF_QUARTER = 15

/** Where a quarter lies; remembers the days it was asked about. */
export const localTime = (): ((quarter: number) => LocalMoment) => {
  /** By UTC day: minutes that local clocks are ahead; null where that changes within the day. */
  const offsets = new Map<number, number | null>()
  return (quarter) => {
    const utcDay = Math.floor(quarter / QUARTERS_OF_DAY)
    let offset = offsets.get(utcDay)
    if (offset === undefined) {
      const [begin, end] = [offsetAt(utcDay * QUARTERS_OF_DAY), offsetAt((utcDay + 1) * QUARTERS_OF_DAY)]
      offset = begin === end ? begin : null
      offsets.set(utcDay, offset)
    }
    const minutes = quarter * MINUTES_OF_QUARTER + (offset ?? offsetAt(quarter))
    const day = Math.floor(minutes / MINUTES_OF_DAY)
    return { day, hour: Math.floor((minutes - day * MINUTES_OF_DAY) / 60) }
  }
}

/** The local day of a moment, µs since 1970. */
export const dayOf = (instant: number): number => dayOfDate(new Date(instant / 1000))

/** 0 is Sunday. */
export const weekdayOf = (day: number): number => (((day + THURSDAY) % 7) + 7) % 7

/** "2026-11-30". */
export const dayText = (day: number): string => new Date(day * MILLIS_OF_DAY).toISOString().slice(0, 10)

/** Whether there was such a day here: who moves a zone across the date line leaves one out. */
export const isDay = (day: number): boolean => {
  const date = new Date(day * MILLIS_OF_DAY)
  // Noon, for some days have no midnight.
  return dayOfDate(new Date(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), 12)) === day
}

const dayOfDate = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / MILLIS_OF_DAY

const offsetAt = (quarter: number): number => -new Date(quarter * MINUTES_OF_QUARTER * 60_000).getTimezoneOffset()

const MINUTES_OF_DAY = 1_440
const QUARTERS_OF_DAY = MINUTES_OF_DAY / MINUTES_OF_QUARTER
const MILLIS_OF_DAY = 86_400_000
/** Of 1970-01-01. */
const THURSDAY = 4
