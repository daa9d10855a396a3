import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { printable, printableLines, printableWithin, truncate, widthOf } from "../../src/cli/Printable.ts"
import * as RawText from "../../src/domain/RawText.ts"

const HARMFUL = [
  "\x1b[2J",
  "\x9b",
  "\r",
  "\n",
  "\0",
  "\x7f",
  "\u061c",
  "\u200b",
  "\u200d",
  "\u200e",
  "\u2028",
  "\u202e",
  "\u2060",
  "\u2066",
  "\ufeff",
  "\u00ad",
  "\u180e",
  "\u3164",
  "\ufe0e",
  "\u{e0041}",
  "\u{e0100}",
  "\ud800"
]

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HARMFUL),
      fc.string({ unit: "binary", maxLength: 5 }),
      fc.constantFrom("a", "日本", "👍", "❤\ufe0f", "e\u0301")
    )
  )
  .map((parts) => parts.join(""))

/** Written out on its own, so that a mistake in the module's own pattern is seen. */
const isHarmful = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0
  return (
    code < 0x20 ||
    (code >= 0x7f && code <= 0x9f) ||
    code === 0xad ||
    code === 0x61c ||
    code === 0x180e ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfeff ||
    (code >= 0xfff9 && code <= 0xfffb) ||
    (code >= 0xe0000 && code <= 0xe0fff) ||
    code >= 0x10ff80
  )
}

describe("printable", () => {
  effectIt.prop("lets nothing through that steers a terminal, hides or reorders", [text], ([any]) => {
    expect([...printable(any)].filter(isHarmful)).toEqual([])
    expect([...printableWithin(any, 20)].filter(isHarmful)).toEqual([])
    expect([...printableLines(any)].filter((character) => character !== "\n" && isHarmful(character))).toEqual([])
  })

  effectIt.prop("lets nothing through from arbitrary bytes either", [fc.uint8Array()], ([bytes]) => {
    expect([...printable(RawText.fromBytes(bytes))].filter(isHarmful)).toEqual([])
  })

  effectIt.prop("changes nothing a second time", [text], ([any]) => {
    expect(printable(printable(any))).toBe(printable(any))
  })

  it("shows what is there", () => {
    expect(printable("a\nb\tc\x1b[31m")).toBe("a⏎b\\x09c\\x1b[31m")
    expect(printable("\u202egnp.exe\u200b")).toBe("\\u202egnp.exe\\u200b")
    expect(printable("\u{e0041}\ud800")).toBe("\\u{e0041}\\ud800")
    expect(printable(RawText.fromBytes(Buffer.from([0x61, 0xff, 0x85])))).toBe("a\\xff\\x85")
  })

  it("leaves alone what people type and see", () => {
    for (const plain of ["ls -la", "café e\u0301", "日本語", "👍🏽 ❤\ufe0f", "שלום", "\ue0b0", "a\\nb"])
      expect(printable(plain)).toBe(plain)
  })

  it("keeps lines where lines are wanted", () => {
    expect(printableLines("for x\ndo\r\n")).toBe("for x\ndo\\x0d\n")
  })
})

describe("width", () => {
  it("counts cells", () => {
    expect(["abc", "日本", "👍", "👍🏽", "❤\ufe0f", "e\u0301", "가", "ｱ", "Ａ", "🇩🇪", "→"].map(widthOf)).toEqual([
      3, 4, 2, 2, 2, 1, 2, 1, 2, 2, 1
    ])
  })

  it("truncates to cells, an ellipsis included, and cuts no character apart", () => {
    expect(truncate("abcdef", 6)).toBe("abcdef")
    expect(truncate("abcdefg", 6)).toBe("abcde…")
    expect(truncate("日本語", 6)).toBe("日本語")
    expect(truncate("日本語x", 6)).toBe("日本…")
    expect(truncate("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301…")
    expect(truncate("ab", 1)).toBe("…")
    expect(truncate("ab", 0)).toBe("")
  })

  effectIt.prop("never takes more cells than were given", [text, fc.integer({ min: 0, max: 12 })], ([any, cells]) => {
    const shown = printableWithin(any, cells)
    expect(widthOf(shown)).toBeLessThanOrEqual(cells)
    if (widthOf(printable(any)) <= cells) expect(shown).toBe(printable(any))
  })
})
