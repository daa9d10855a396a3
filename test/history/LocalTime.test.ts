import { afterEach, describe, expect, it } from "vitest"
import { dayOf, dayText, isDay, localTime, weekdayOf } from "../../src/history/LocalTime.ts"

const zone = process.env["TZ"]
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"]
  else process.env["TZ"] = zone
})

/** What Node.js itself says of a moment. */
const asked = (quarter: number) => {
  const date = new Date(quarter * 900_000)
  return { day: dayOf(date.getTime() * 1000), hour: date.getHours() }
}

describe("localTime", () => {
  it.each([
    ["UTC", "2026-01-01T00:00:00Z"],
    ["Europe/Berlin", "2026-03-29T00:00:00Z"],
    ["Europe/Berlin", "2026-10-25T00:00:00Z"],
    ["America/New_York", "2026-03-08T00:00:00Z"],
    ["Asia/Kathmandu", "2026-01-01T00:00:00Z"],
    ["Pacific/Chatham", "2026-04-04T00:00:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T00:00:00Z"],
    ["America/Sao_Paulo", "2018-11-04T00:00:00Z"],
    ["Pacific/Apia", "2011-12-29T00:00:00Z"],
    ["America/St_Johns", "1969-12-31T00:00:00Z"]
  ])("agrees with every quarter of an hour of %s around %s", (name, around) => {
    process.env["TZ"] = name
    const first = Date.parse(around) / 900_000 - 96
    const at = localTime()
    for (let quarter = first; quarter < first + 3 * 96; quarter++) expect(at(quarter)).toEqual(asked(quarter))
  })

  it("has no hour 2 on the day on which clocks go forward, and hour 2 twice when they go back", () => {
    process.env["TZ"] = "Europe/Berlin"
    const hoursOf = (day: string) => {
      const at = localTime()
      const from = Date.parse(`${day}T00:00:00Z`) / 900_000 - 96
      const hours = Array.from({ length: 24 }, () => 0)
      for (let quarter = from; quarter < from + 3 * 96; quarter++) {
        const found = at(quarter)
        if (dayText(found.day) === day) hours[found.hour]!++
      }
      return hours
    }
    expect(hoursOf("2026-03-29")[2]).toBe(0)
    expect(hoursOf("2026-10-25")[2]).toBe(8)
  })
})

describe("days", () => {
  it("know their weekday, also before 1970", () => {
    expect([0, 3, -4, -1].map(weekdayOf)).toEqual([4, 0, 0, 3])
  })

  it("are all there but those that a move across the date line left out; one without a midnight is one", () => {
    const day = (text: string) => Date.parse(text) / 86_400_000
    process.env["TZ"] = "Pacific/Apia"
    expect(["2011-12-29", "2011-12-30", "2011-12-31"].map((text) => isDay(day(text)))).toEqual([true, false, true])
    process.env["TZ"] = "America/Sao_Paulo"
    expect(isDay(day("2018-11-04"))).toBe(true)
  })
})
