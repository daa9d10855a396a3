import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import * as RawText from "../../src/domain/RawText.ts"

/** Bytes that meet every rule of UTF-8: whole characters, halves of them, and the escapes' own range. */
const bytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: "binary", maxLength: 4 }).map((text) => Buffer.from(text)),
      fc
        .constantFrom("f48fbe80", "f48fbfbf", "f48fbdbf", "f48fbe", "eda080", "c080", "f4908080", "efbbbf", "e28080")
        .map((hex) => Buffer.from(hex, "hex"))
    ),
    { maxLength: 6 }
  )
  .map((parts) => Buffer.concat(parts))

describe("RawText", () => {
  effectIt.prop("gives every byte string back", [bytes], ([original]) => {
    expect(Buffer.from(RawText.toBytes(RawText.fromBytes(original)))).toEqual(Buffer.from(original))
  })

  effectIt.prop("is well-formed Unicode, so that UTF-8 and JSON carry it", [bytes], ([original]) => {
    const text = RawText.fromBytes(original)
    expect(text.isWellFormed()).toBe(true)
    expect(JSON.parse(JSON.stringify(text))).toBe(text)
    expect(Buffer.from(text).toString()).toBe(text)
  })

  effectIt.prop("tells two byte strings apart", [bytes, bytes], ([a, b]) => {
    expect(RawText.fromBytes(a) === RawText.fromBytes(b)).toBe(Buffer.compare(a, b) === 0)
  })

  effectIt.prop(
    "leaves UTF-8 as it is, but for the code points it takes for itself",
    [fc.string({ unit: "binary" })],
    ([text]) => {
      fc.pre(!/[\u{10ff80}-\u{10ffff}]/u.test(text))
      expect(RawText.fromBytes(Buffer.from(text))).toBe(text)
      expect(RawText.hasEscapes(text)).toBe(false)
    }
  )

  it("escapes each byte that is not UTF-8, and those that spell an escape", () => {
    expect(RawText.fromBytes(Buffer.from([0x61, 0xff, 0x62]))).toBe("a\u{10ffff}b")
    expect(RawText.fromBytes(Buffer.from("f48fbe80", "hex"))).toBe("\u{10fff4}\u{10ff8f}\u{10ffbe}\u{10ff80}")
    expect(RawText.escapedByte(0x10ff80)).toBe(0x80)
    expect(RawText.escapedByte(0x10ff7f)).toBeUndefined()
  })

  it("keeps a byte order mark", () => {
    expect(RawText.fromBytes(Buffer.from("\ufeffx"))).toBe("\ufeffx")
  })

  it("takes no lone surrogate from outside", () => {
    expect(RawText.fromText("a\ud800b")).toBe("a\ufffdb")
    expect(Buffer.from(RawText.toBytes("\udbff")).toString()).toBe("\ufffd")
  })
})
