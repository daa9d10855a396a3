/** Numbers as people read them. */

/** "3.4 MiB"; whole bytes below one KiB. */
export const bytesText = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`
  let value = bytes
  let unit = -1
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[unit]}`
}

/** "1,234,567", the same in every locale. */
export const countText = (count: number): string => count.toLocaleString("en-US")

/** "1 entry", "2 entries"; the plural is the singular with an s unless it is given. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`

/** A duration in µs: "870 ms", "3.2 s", "4 min 05 s", "2 h 10 min". */
export const durationText = (micros: number): string => {
  const millis = micros / 1000
  if (millis < 1) return "<1 ms"
  if (millis < 1000) return `${Math.round(millis)} ms`
  if (millis < 60_000) return `${(millis / 1000).toFixed(1)} s`
  const minutes = Math.floor(millis / 60_000)
  if (minutes < 60) return `${minutes} min ${two(Math.floor(millis / 1000) % 60)} s`
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** A moment in µs since 1970 UTC, in local time: "2026-11-22 18:04:05". */
export const momentText = (micros: number): string => {
  const date = new Date(micros / 1000)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

const UNITS = ["KiB", "MiB", "GiB", "TiB"] as const

const two = (value: number): string => String(value).padStart(2, "0")
