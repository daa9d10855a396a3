import { expect, it } from "vitest"
import { jsonText } from "../../src/cli/JsonText.ts"

const HOSTILE = "\x1b[2J \x7f \x9b2J \u202e \u200b \u2028 \u{e0041} é 漢 👍 \ud800"

it("JSON on a terminal holds nothing that steers it, hides or turns text around, and is the same to programs", () => {
  const text = jsonText({ id: HOSTILE, [HOSTILE]: 1 }, 2)
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
  expect(text).toContain("é 漢 👍")
  expect(JSON.parse(text)).toEqual({ id: HOSTILE, [HOSTILE]: 1 })
})
