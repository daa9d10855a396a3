import { describe, expect, it } from "vitest"
import { type Amounts, Speedometer, type Speeds } from "../../src/cli/Speedometer.ts"

/** Looks every 100 ms from 0 on, and gives the last speeds. */
const after = (seconds: number, amountsAt: (second: number) => Partial<Amounts>): Speeds => {
  const speedometer = new Speedometer(0)
  let speeds: Speeds = { objects: 0, bytes: 0 }
  for (let tick = 0; tick <= seconds * 10; tick++) {
    speeds = speedometer.at(tick * 100, { objects: 0, skipped: 0, bytes: 0, ...amountsAt(tick / 10) })
  }
  return speeds
}

describe("the speed", () => {
  it("is that of late: a link that became slower shows within the window", () => {
    const bytes = (second: number) => ({ bytes: second < 10 ? second * 1000 : 10_000 + (second - 10) * 10 })
    expect(after(8, bytes).bytes).toBeCloseTo(1000)
    expect(after(40, bytes).bytes).toBeCloseTo(10)
  })

  it("counts from the first byte on, not from the beginning", () => {
    expect(after(12, (second) => ({ bytes: Math.max(0, second - 10) * 500 })).bytes).toBeCloseTo(500, -1)
  })

  it("leaves out what had been done before", () => {
    const objects = (second: number) => ({ objects: 1_000_000 + second * 10, skipped: 1_000_000 })
    expect(after(20, objects).objects).toBeCloseTo(10)
  })

  it("is nothing where nothing moves any more", () => {
    expect(after(60, (second) => ({ bytes: Math.min(second, 10) * 1000 })).bytes).toBe(0)
  })

  it("of objects that come in leaps is that of a minute", () => {
    const objects = (second: number) => ({ objects: 1 + Math.floor(second / 20) * 20_000 })
    expect(after(200, objects).objects).toBeGreaterThan(600)
    expect(after(200, objects).objects).toBeLessThan(1_400)
  })
})
