/**
 * Schedules of everything that several devices may do and that may befall them, each decided by its seed. HX_SCHEDULES says how many are played here;
 * npm run simulate plays any number.
 */

import { describe, expect, it } from "vitest"
import { FAULTS } from "./Faults.ts"
import { play } from "./Schedule.ts"

const COUNT = Number(process.env["HX_SCHEDULES"] ?? 8)

describe("whatever devices do and whatever befalls them, the twelve promises hold", () => {
  it(`in ${COUNT} schedules with ${Object.keys(FAULTS).length} kinds of fault`, { timeout: 120_000 }, async () => {
    for (let number = 1; number <= COUNT; number++) {
      const { trace, violation } = await play(String(number))
      expect(violation, `seed ${number}:\n${trace.slice(-60).join("\n")}`).toBeNull()
    }
  })

  it("the same seed gives the same trace, byte for byte", { timeout: 60_000 }, async () => {
    const [one, other] = [await play("twice"), await play("twice")]
    expect(one.trace.join("\n")).toBe(other.trace.join("\n"))
    expect(one.trace.length).toBeGreaterThan(100)
  })
})
