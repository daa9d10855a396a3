/** Durations as people write them: whole numbers with units, the larger first: `500ms`, `30s`, `1m30s`, `2h`. */

import { Duration, Option } from "effect"

export const DURATION_FORM = "a duration such as 500ms, 30s or 1m30s"

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1]
] as const

const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d{1,9})${unit})?`).join("")}$`)

export const parseDuration = (text: string): Option.Option<Duration.Duration> => {
  const match = PATTERN.exec(text.trim())
  if (match === null || match[0] === "") return Option.none()
  const millis = UNITS.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0)
  return Option.some(Duration.millis(millis))
}

/** The shortest text that parseDuration reads back; less than a millisecond is lost. */
export const formatDuration = (duration: Duration.Duration): string => {
  let rest = Math.round(Duration.toMillis(duration))
  let text = ""
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === "" ? "0s" : text
}
