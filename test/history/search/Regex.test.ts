import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { compileRegex } from "../../../src/history/search/Regex.ts"

const matches = (source: string, text: string): boolean => {
  const regex = compileRegex(source)
  if (typeof regex === "string") throw new Error(regex)
  return regex.test(text)
}

describe("an expression", () => {
  it.each([
    ["ab", "xaby", true],
    ["AB", "ab", true],
    ["^ab$", "ab", true],
    ["^ab$", "abc", false],
    ["a.c", "abc", true],
    ["a.c", "a\nc", false],
    ["v\\d+\\.\\d+", "tag v12.3", true],
    ["\\bpush\\b", "git push", true],
    ["\\bpush\\b", "pushed", false],
    ["\\Bush", "push", true],
    ["[a-f0-9]{7,40}", "fix 83c42b4", true],
    ["[^a-z]", "abc", false],
    ["[^A-Z]", "abc", false],
    ["[]a]", "]", true],
    ["(git|hg) (push|pull)", "sudo hg pull", true],
    ["(?:ab){2,3}$", "ababab", true],
    ["^(?:ab){2,3}$", "abababab", false],
    ["^a?b*c+$", "bbc", true],
    ["", "", true],
    ["^$", "", true],
    ["^$", "a", false],
    ["ü", "ÜBER".toLowerCase(), true],
    ["日.語", "日本語", true],
    ["😀+", "😀😀", true]
  ])("/%s/ on %j: %j", (source, text, expected) => expect(matches(source, text)).toBe(expected))

  it.each([
    ["(", "a ( without its )"],
    [")", "a ) without its ("],
    ["[a", "a [ without its ]"],
    ["*a", "a * that repeats nothing"],
    ["a{5,2}", "a repetition that ends before it begins"],
    ["a\\", "a \\ with nothing behind it"],
    ["(a)\\1", "back references are not known here: they may take for ever"],
    ["(?=a)", "look-around is not known here: it may take for ever"],
    ["(?<!a)b", "look-around is not known here: it may take for ever"],
    ["((a{50}){50}){50}", "an expression that is too large"]
  ])("/%s/ is refused: %s", (source, why) => expect(compileRegex(source)).toBe(why))

  it("takes no longer for (a+)+b than for anything else, where JavaScript's own would take years", () => {
    const text = "a".repeat(16_384)
    const began = performance.now()
    for (const source of ["(a+)+b", "(a|a)*b", "(a*)*$x", "^(([a-z])+.)+[0-9]([a-z])+$"]) {
      expect(matches(source, text)).toBe(false)
    }
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  const atom = fc.oneof(
    fc.constantFrom("a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\d", "\\b", "^", "$", "_", " "),
    fc.constantFrom("a*", "b+", "c?", "[ab]{1,2}", "(?:ab)*", "(?:a|b+)", "(a|)", ".*", "\\s")
  )
  const sources = fc.array(atom, { maxLength: 6 }).map((parts) => parts.join(""))
  const alternatives = fc.array(sources, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("|"))
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "c", "_", " ", "1", "\n"), maxLength: 12 })

  it.effect.prop("agrees with JavaScript's own", [alternatives, texts], ([source, text]) =>
    Effect.sync(() => {
      expect([source, text, matches(source, text)]).toEqual([source, text, new RegExp(source).test(text)])
    })
  )

  it.effect.prop("is read or refused, whatever is typed", [fc.string({ unit: "binary" })], ([source]) =>
    Effect.sync(() => {
      const regex = compileRegex(source)
      if (typeof regex === "string") expect(regex).not.toBe("")
      else expect(typeof regex.test(source)).toBe("boolean")
    })
  )
})
