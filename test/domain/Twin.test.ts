import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { ownTwinKey, TWIN_TOLERANCE, twinKeysOf, undatedTwinKey } from "../../src/domain/Twin.ts"

const SECOND = 1_000_000
const micros = fc.integer({ min: 0, max: 4_000_000_000_000_000 })

describe("twin keys", () => {
  effectIt.prop(
    "of a live entry name every imported one within a second of it, and no other",
    [micros, fc.integer({ min: -3, max: 3 })],
    ([start, away]) => {
      const second = Math.floor(start / SECOND) + away
      fc.pre(second >= 0)
      const own = ownTwinKey({ start: second * SECOND, command: "x", origin: "import:zsh" })
      const isTwin = Math.abs(second * SECOND - start) <= TWIN_TOLERANCE
      expect(twinKeysOf({ start, command: "x", origin: "live" }).includes(own ?? "")).toBe(isTwin)
    }
  )

  it("of an imported entry name itself", () => {
    const imported = { start: 5 * SECOND, command: "x", origin: "import:bash" }
    expect(twinKeysOf(imported)).toEqual([ownTwinKey(imported)])
  })

  it("tell commands apart", () => {
    const key = (command: string) => ownTwinKey({ start: 0, command, origin: "import:zsh" })
    expect(key("a")).not.toBe(key("b"))
  })

  it("of what has no time are those of its command alone, which no single run carries; a live entry is nobody's imported twin", () => {
    expect(twinKeysOf({ start: null, command: "x", origin: "live" })).toEqual([])
    expect(twinKeysOf({ start: null, command: "x", origin: "import:bash" })).toEqual([])
    expect(ownTwinKey({ start: null, command: "x", origin: "import:bash" })).toBe(undatedTwinKey("x"))
    expect(undatedTwinKey("x")).not.toBe(undatedTwinKey("y"))
    expect(ownTwinKey({ start: 5, command: "x", origin: "live" })).toBeNull()
  })
})
