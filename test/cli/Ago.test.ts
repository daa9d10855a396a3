import { describe, expect, it } from "vitest"
import { agoText, whenText } from "../../src/cli/Ago.ts"
import { momentText } from "../../src/cli/Units.ts"

const NOW = 1_800_000_000_000_000
const ago = (seconds: number) => agoText(NOW - seconds * 1_000_000, NOW)

describe("how long ago something was", () => {
  it.each([
    [0, "just now"],
    [4.9, "just now"],
    [5, "5 s ago"],
    [59, "59 s ago"],
    [60, "1 min ago"],
    [3599, "59 min ago"],
    [3600, "1 h ago"],
    [47 * 3600, "47 h ago"],
    [48 * 3600, "2 days ago"],
    [59 * 86_400, "59 days ago"],
    [60 * 86_400, "2 months ago"],
    [729 * 86_400, "24 months ago"],
    [730 * 86_400, "2 years ago"]
  ])("%d s: %s", (seconds, words) => expect(ago(seconds)).toBe(words))

  it("is not reckoned from a clock that is ahead, but for what clocks commonly differ", () => {
    expect(ago(-59)).toBe("just now")
    expect(ago(-61)).toBeUndefined()
    expect(whenText(NOW + 180_000_000, NOW)).toBe(`${momentText(NOW + 180_000_000)} (clock differs)`)
    expect(whenText(NOW - 180_000_000, NOW)).toBe(`3 min ago (${momentText(NOW - 180_000_000)})`)
  })
})
