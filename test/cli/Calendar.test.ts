import { describe, expect, it } from "vitest"
import { bar, columns } from "../../src/cli/Blocks.ts"
import { calendarOf } from "../../src/cli/Calendar.ts"

const day = (text: string) => Date.parse(text) / 86_400_000

describe("a calendar", () => {
  it("has a column a week from Monday on, and leaves out what lies beyond its last day", () => {
    // A Wednesday.
    const { from, weekdays } = calendarOf(new Map([[day("2026-12-02"), 3]]), day("2026-12-02"), 2)
    expect(from).toBe(day("2026-11-23"))
    expect(weekdays.map((levels) => levels.length)).toEqual([2, 2, 2, 2, 2, 2, 2])
    expect(weekdays.map((levels) => levels[1])).toEqual([0, 0, 4, null, null, null, null])
  })

  it("shades by what is usual: one wild day leaves the others their differences", () => {
    const days = new Map(Array.from({ length: 20 }, (_, index) => [day("2026-11-02") + index, index < 10 ? 10 : 40]))
    days.set(day("2026-11-30"), 5_000)
    const { weekdays } = calendarOf(days, day("2026-11-30"), 5)
    expect(weekdays[0]).toEqual([1, 1, 4, 0, 4])
  })

  it("names months in the week in which they begin", () => {
    const { months } = calendarOf(new Map(), day("2026-12-02"), 10)
    expect(months).toEqual([
      [0, "Oct"],
      [4, "Nov"],
      [9, "Dec"]
    ])
  })
})

describe("blocks", () => {
  it("draw bars in eighths of a cell; what is not nothing can be seen", () => {
    expect([0, 1, 500, 515, 1000].map((count) => bar(count, 1000, 10))).toEqual([
      "",
      "▏",
      "█████",
      "█████▏",
      "██████████"
    ])
  })

  it("draw columns from the top, and nothing behind the last", () => {
    expect(columns([0, 1, 8, 16], 2, 1)).toEqual(["   █", " ▁██"])
    expect(columns([16, 16, 0], 1, 3)).toEqual(["██ ██"])
  })
})
