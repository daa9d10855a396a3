/**
 * Schedules of everything that several devices may do and that may befall them, each decided by its seed. HX_SCHEDULES says how many are played here;
 * npm run simulate plays any number, and this plays them by it, since the one file that it makes of hx and the simulation runs twice as fast.
 */

import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { FAULTS } from "./Faults.ts"

const COUNT = Number(process.env["HX_SCHEDULES"] ?? 48)

const simulate = (...words: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["scripts/run.mjs", "scripts/simulate.ts", "--jobs", "1", ...words], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024
  })

describe("whatever devices do and whatever befalls them, the twelve promises hold", () => {
  it(`in ${COUNT} schedules with ${Object.keys(FAULTS).length} kinds of fault`, { timeout: 600_000 }, () => {
    const { status, stderr, stdout } = simulate("--schedules", String(COUNT), "--seed", "1")
    expect(status, `${stdout}\n${stderr}`).toBe(0)
    expect(stdout).toMatch(new RegExp(`^${COUNT} schedules, \\d{4,} turns, \\d{3,} faults of \\d\\d kinds`))
  })

  it("the same seed gives the same trace, byte for byte", { timeout: 120_000 }, () => {
    // One with delays between tries, and with keys rotated.
    const [one, other] = [simulate("--replay", "13"), simulate("--replay", "13")]
    expect(one.stdout).toBe(other.stdout)
    expect(one.status).toBe(0)
    expect(one.stdout.split("\n").length).toBeGreaterThan(100)
  })
})
