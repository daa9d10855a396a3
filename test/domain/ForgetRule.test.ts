import { describe, expect, it } from "vitest"
import { DeviceId } from "../../src/domain/Device.ts"
import { IMPORTED_SLACK, windowCovers } from "../../src/domain/ForgetRule.ts"

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
