import { describe, expect, it } from "vitest"
import { weaknessOf } from "../../src/sync/Passphrase.ts"

describe("a new passphrase", () => {
  it.each([
    ["nothing", "", "it is empty"],
    ["blanks", " ".repeat(40), "it is empty"],
    ["too few characters", "k3$Lq9!x", "it has 8 characters"],
    ["few characters that take many bytes", "é".normalize("NFD").repeat(11), "it has 11 characters"],
    ["one character", "a".repeat(40), "it repeats"],
    ["a few characters", "abababababababab", "it repeats"],
    ["neighbours", "abcdefghijklmnop", "it is a sequence"],
    ["digits in order", "01234567890123", "it is a sequence"],
    ["digits backwards", "98765432109876", "it is a sequence"],
    ["what everybody takes, decorated", "P-a-s-s-w-o-r-d 2026!", "it is a common word"],
    ["the same twice", "qwerty12345QWERTY", "it is a common word"]
  ])("of %s is too easily guessed", (_, text, why) => {
    expect(weaknessOf(text)).toContain(why)
  })

  it.each([
    "correct horse battery staple",
    "seven words that nobody would ever think of",
    "k3$Lq9!xW2#p",
    "Größenwahn im Quadrat",
    "これは長い合言葉ですから大丈夫"
  ])("%s is good enough", (text) => {
    expect(weaknessOf(text)).toBeNull()
  })
})
