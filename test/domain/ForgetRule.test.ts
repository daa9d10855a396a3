import { describe, expect, it } from "vitest"
import { DeviceId } from "../../src/domain/Device.ts"
import { IMPORTED_SLACK, RULE_IDS, smallRules, windowCovers } from "../../src/domain/ForgetRule.ts"

const device = DeviceId("0".repeat(32))
const other = DeviceId("1".repeat(32))
const window = { from: 10_000_000, to: 20_000_000, device: null }
const at = (start: number | null, origin = "live") => ({ start, origin, device })

describe("windowCovers", () => {
  it("includes both ends", () => {
    expect([9_999_999, 10_000_000, 20_000_000, 20_000_001].map((start) => windowCovers(window, at(start)))).toEqual([
      false,
      true,
      true,
      false
    ])
  })

  it("reaches a second further for imported entries, whose times are whole seconds", () => {
    const start = window.to + IMPORTED_SLACK
    expect(windowCovers(window, at(start, "import:zsh"))).toBe(true)
    expect(windowCovers(window, at(start + 1, "import:zsh"))).toBe(false)
    expect(windowCovers(window, at(window.from - IMPORTED_SLACK, "import:zsh"))).toBe(true)
    expect(windowCovers(window, at(start))).toBe(false)
  })

  it("covers captures of its device only, where it names one", () => {
    expect(windowCovers({ ...window, device }, at(15_000_000))).toBe(true)
    expect(windowCovers({ ...window, device: other }, at(15_000_000))).toBe(false)
  })

  it("covers nothing without a time", () => {
    expect(windowCovers(window, at(null))).toBe(false)
  })
})

describe("smallRules", () => {
  const numbered = (count: number) => Array.from({ length: count }, (_, at) => String(at)) as Array<never>

  it("says the same in rules that a segment can hold, and nothing where there is nothing to say", () => {
    const rule = { ids: numbered(2 * RULE_IDS + 1), twins: numbered(9 * RULE_IDS + 1), windows: [window] }
    const small = smallRules(rule)
    expect(small.map(({ ids, twins }) => [ids.length, twins.length])).toEqual([
      [RULE_IDS, 3 * RULE_IDS],
      [RULE_IDS, 3 * RULE_IDS],
      [1, 3 * RULE_IDS],
      [0, 1]
    ])
    expect(small.flatMap(({ ids }) => ids)).toEqual(rule.ids)
    expect(small.flatMap(({ twins }) => twins)).toEqual(rule.twins)
    expect(small.flatMap(({ windows }) => windows)).toEqual([window])
    expect(smallRules({ ids: [], twins: [], windows: [] })).toEqual([])
  })
})
