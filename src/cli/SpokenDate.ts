/**
 * Dates as people say them in English, read by chrono-node: "last monday", "3 nov", "yesterday 14:00". What it reads is bent in two ways: a day
 * means its beginning, not noon; and what leaves year or week open lies in the past, for that is where history is.
 *
 * This module is the only one that imports chrono-node, by name, so that the bundle holds its English and none of its other languages; it is
 * itself loaded on demand (When.ts).
 */

import { casual, type ParsedResult } from "chrono-node"

/** µs since 1970; null unless the whole text is one date. `now` is in µs, too. */
export const parseSpokenDate = (text: string, now: number): number | null => {
  const reference = new Date(now / 1000)
  const [found, ...more] = casual.parse(text, { instant: reference })
  const whole =
    found !== undefined && more.length === 0 && (found.end ?? null) === null && found.text.length === text.length
  return whole ? inThePast(found, reference).getTime() * 1000 : null
}

const inThePast = ({ start }: ParsedResult, reference: Date): Date => {
  const date = start.date()
  const tags = start.tags()
  const relative = tags.has("result/relativeDate")
  if (!relative && !start.isCertain("hour") && !tags.has("parser/ENCasualTimeParser")) date.setHours(0, 0, 0, 0)
  if (date <= reference || relative) return date
  if (start.isCertain("weekday") && !start.isCertain("day")) date.setDate(date.getDate() - 7)
  else if (start.isCertain("month") && !start.isCertain("year")) date.setFullYear(date.getFullYear() - 1)
  return date
}
