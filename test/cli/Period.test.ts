import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parsePeriod } from "../../src/cli/Period.ts"

const zone = process.env["TZ"]
beforeAll(() => void (process.env["TZ"] = "Europe/Berlin"))
afterAll(() => {
  if (zone === undefined) delete process.env["TZ"]
  else process.env["TZ"] = zone
})

const at = (text: string) => new Date(text).getTime() * 1000

/** A Tuesday. */
const NOW = "2026-12-01T10:00:00"

const period = (text: string) => Effect.runSync(Effect.either(parsePeriod(text, at(NOW)))) // pure, but for its error

describe("--period", () => {
  it.each([
    ["today", "2026-12-01T00:00", undefined],
    ["Yesterday", "2026-11-30T00:00", "2026-12-01T00:00"],
    ["week", "2026-11-30T00:00", undefined],
    ["last week", "2026-11-23T00:00", "2026-11-30T00:00"],
    ["this month", "2026-12-01T00:00", undefined],
    ["last  month", "2026-11-01T00:00", "2026-12-01T00:00"],
    ["year", "2026-01-01T00:00", undefined],
    ["last year", "2025-01-01T00:00", "2026-01-01T00:00"],
    ["2024", "2024-01-01T00:00", "2025-01-01T00:00"],
    ["2024-02", "2024-02-01T00:00", "2024-03-01T00:00"],
    ["2026-03-29", "2026-03-29T00:00", "2026-03-30T00:00"],
    ["2h", "2026-12-01T08:00", undefined],
    ["2 weeks", "2026-11-17T10:00", undefined]
  ])("%j is from %s to %s", (text, after, before) => {
    expect(period(text)).toMatchObject({
      _tag: "Right",
      right: { after: at(after), ...(before === undefined ? {} : { before: at(before) }) }
    })
  })

  it.each(["", "soon", "2024-13", "2024-02-30", "last tuesday", "\u001B[31m"])("%j is none", (text) => {
    expect(period(text)).toMatchObject({ _tag: "Left", left: { what: "Not a period that hx understands" } })
  })
})
