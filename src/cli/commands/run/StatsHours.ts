/** When people are at their shells: columns by hour, bars by weekday. */

import { bar, columns } from "../../Blocks.ts"
import { countText } from "../../Units.ts"
import { percent } from "./StatsLists.ts"

type Lines = ReadonlyArray<string>

/** Lines of a column's height. */
const HEIGHT = 5

/** From midnight to midnight, with every third hour named, or every sixth where that is narrow. */
export const hourLines = (hours: ReadonlyArray<number>, cells: number): Lines => {
  if (hours.every((count) => count === 0)) return []
  const width = Math.max(1, Math.min(3, Math.floor(cells / hours.length)))
  const step = width * 3 > 3 ? 3 : 6
  const names = hours.map((_, hour) => (hour % step === 0 ? String(hour) : "")).filter((_, hour) => hour % step === 0)
  return [
    ...columns(hours, HEIGHT, width),
    names
      .map((name) => name.padEnd(step * width))
      .join("")
      .trimEnd()
  ]
}

/** Monday first. */
export const weekdayLines = (weekdays: ReadonlyArray<number>, cells: number): Lines => {
  const most = Math.max(...weekdays)
  if (most === 0) return []
  const all = weekdays.reduce((sum, count) => sum + count, 0)
  const width = Math.max(...weekdays.map((count) => countText(count).length))
  const barCells = Math.max(5, Math.min(30, cells - width - 13))
  return NAMES.map((name, index) => {
    const count = weekdays[(index + 1) % 7] ?? 0
    const picture = bar(count, most, barCells).padEnd(barCells)
    return `${name}  ${picture}  ${countText(count).padStart(width)}  ${percent(count, all).padStart(4)}`
  })
}

const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
