import { describe, expect, it } from "@effect/vitest"
import { Duration, FastCheck as fc, Option } from "effect"
import { formatDuration, parseDuration } from "../../src/platform/Durations.ts"

const millis = (text: string) => Option.getOrUndefined(Option.map(parseDuration(text), Duration.toMillis))

describe("durations", () => {
  it("are whole numbers with units, the larger unit first", () => {
    expect(millis("500ms")).toBe(500)
    expect(millis("30s")).toBe(30_000)
    expect(millis("1m30s")).toBe(90_000)
    expect(millis("2h")).toBe(7_200_000)
    expect(millis("1d1h1m1s1ms")).toBe(90_061_001)
    expect(millis(" 5s ")).toBe(5_000)
    expect(millis("0s")).toBe(0)
  })

  it.each(["", "30", "s", "1.5s", "-1s", "30s1m", "1s1s", "30 s", "30S", "1min", "∞", "9999999999s"])(
    "are not %j",
    (text) => expect(parseDuration(text)).toEqual(Option.none())
  )

  it("are shown as text that is read back as the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
        expect(millis(formatDuration(Duration.millis(ms)))).toBe(ms)
      })
    )
    expect(formatDuration(Duration.millis(90_000))).toBe("1m30s")
  })
})
