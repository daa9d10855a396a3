import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { DeviceId } from "../../src/domain/Device.ts"
import { type Entry, merge, MERGED_FIELDS, smaller } from "../../src/domain/Entry.ts"
import { entry } from "../history/Commands.ts"

/** Bodies under one id that may differ in anything, often in little. */
const body: fc.Arbitrary<Entry> = fc
  .tuple(entry, fc.constantFrom("0", "1", "f"), fc.constantFrom("live", "import:zsh", "import:bash"))
  .map(([one, digit, origin]) => ({ ...one, id: ID, origin, device: DeviceId(digit.repeat(32)) }))

const ID = "00000000000000000000000000000000" as Entry["id"]

describe("merge", () => {
  effectIt.prop("does not depend on the order", [body, body], ([a, b]) => {
    expect(merge(a, b)).toEqual(merge(b, a))
  })

  effectIt.prop("does not depend on what is merged first", [body, body, body], ([a, b, c]) => {
    expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)))
  })

  effectIt.prop("changes nothing when repeated", [body, body], ([a, b]) => {
    expect(merge(a, a)).toEqual(a)
    expect(merge(merge(a, b), b)).toEqual(merge(a, b))
  })

  effectIt.prop("forgets nothing that is known and makes nothing up", [body, body], ([a, b]) => {
    const merged = merge(a, b)
    for (const name of MERGED_FIELDS) {
      expect([a[name], b[name]]).toContain(merged[name])
      if (a[name] !== null || b[name] !== null) expect(merged[name]).not.toBeNull()
    }
    expect(Object.keys(merged).toSorted()).toEqual(["id", ...MERGED_FIELDS].toSorted())
  })

  it("prefers what is known, then the smaller: text by its UTF-8 bytes, numbers by value", () => {
    expect(smaller<string | null>(null, "b")).toBe("b")
    expect(smaller("b", "a")).toBe("a")
    expect(smaller(9, 10)).toBe(9)
    // In UTF-16 the order of these two is the other way round.
    expect(smaller("\u{10000}", "\uffff")).toBe("\uffff")
  })
})
