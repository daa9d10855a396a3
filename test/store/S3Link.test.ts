import { describe, expect, it } from "vitest"
import { Link } from "../../src/store/S3Link.ts"

const MIB = 1024 * 1024

describe("how long silence may last", () => {
  it("before anything has come through: as long as a slow link takes for what was acknowledged", () => {
    const link = new Link()
    expect(link.excuse(5 * MIB)).toBeGreaterThan(40_000)
    expect(link.excuse(5 * MIB)).toBeLessThan(400_000)
    expect(link.excuse(1_000)).toBe(0)
    expect(link.excuse(5_000 * MIB)).toBe(link.excuse(8 * MIB))
  })

  it("later: a few times what such an amount took", () => {
    const link = new Link()
    link.carried(5 * MIB, 5_000)
    expect(link.excuse(5 * MIB)).toBeGreaterThan(10_000)
    expect(link.excuse(5 * MIB)).toBeLessThan(25_000)
  })

  it("small objects tell nothing of the speed", () => {
    const link = new Link()
    link.carried(10_000, 1)
    expect(link.excuse(5 * MIB)).toBeGreaterThan(40_000)
  })

  it("waiting counts whole where nothing moves, and by its share while others do", () => {
    const link = new Link()
    const [first, second] = [{}, {}]
    link.enter(first)
    link.enter(second)
    expect(link.waitingCounts(first, false)).toBe(1)
    link.waitingCounts(second, true)
    expect(link.waitingCounts(first, false)).toBe(0.5)
    expect(link.waitingCounts(first, false)).toBe(1)
    link.leave(second)
    expect(link.waitingCounts(first, true)).toBe(1)
    expect(link.waitingCounts(first, false)).toBe(1)
  })
})
