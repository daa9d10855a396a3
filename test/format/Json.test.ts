import { it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import { canonicalJson, type Json, MAX_DEPTH, parseJson, readableJson } from "../../src/format/Json.ts"

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,5}$/)
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((value) => value + 0),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true })
  )
})).value

describe("JSON in a vault", () => {
  it.prop("is read as it was written, canonical or readable", [json], ([value]) => {
    for (const text of [canonicalJson(value), readableJson(value)]) {
      expect(Either.getOrThrow(parseJson(Buffer.from(text)))).toEqual(value)
    }
  })

  it.prop("is canonical whatever the order of the members", [fc.dictionary(name, fc.nat())], ([members]) => {
    const reversed = Object.fromEntries(Object.entries(members).reverse())
    expect(canonicalJson(reversed)).toBe(canonicalJson(members))
    expect(Object.keys(JSON.parse(canonicalJson(members)) as object)).toEqual(Object.keys(members).sort())
  })

  it("nests so deep and no deeper, brackets in text not counted", () => {
    const nested = (depth: number) => Buffer.from("[".repeat(depth) + "]".repeat(depth))
    expect(Either.isRight(parseJson(nested(MAX_DEPTH)))).toBe(true)
    expect(Either.isLeft(parseJson(nested(MAX_DEPTH + 1)))).toBe(true)
    expect(Either.isRight(parseJson(Buffer.from(JSON.stringify(['\\"[[[[{{{{'.repeat(20)]))))).toBe(true)
  })

  it("holds nothing that other languages would write in another way", () => {
    const refused = [
      "1.5",
      "1e300",
      "-0",
      "9007199254740993",
      '"\\ud800"',
      '{"1":0}',
      '{"__proto__":0}',
      '{"é":0}',
      '{"":0}'
    ]
    for (const text of [...refused, "", "nul", "\u{feff}1", "[1,]"])
      expect(Either.isLeft(parseJson(Buffer.from(text)))).toBe(true)
    expect(Either.isLeft(parseJson(Buffer.from([0x22, 0xff, 0x22])))).toBe(true)
  })
})
