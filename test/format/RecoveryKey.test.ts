import { it } from "@effect/vitest"
import { Either, FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import { format, matches, parse } from "../../src/format/RecoveryKey.ts"
import { KEY, OTHER_VAULT, VAULT } from "./Samples.ts"

const TEXT = format(KEY, 1, VAULT)
const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

const reason = (text: string): string =>
  Either.match(parse(text), { onLeft: (error) => error.reason, onRight: () => "accepted" })

describe("a recovery key", () => {
  it.prop(
    "gives back epoch and key, and knows its vault",
    [fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 1, max: 65535 })],
    ([key, epoch]) => {
      const text = format(key, epoch, VAULT)
      expect(text).toMatch(/^hx1[a-z0-9]{72}$/)
      const parsed = Either.getOrThrow(parse(text))
      expect([parsed.epoch, Buffer.from(parsed.key)]).toEqual([epoch, Buffer.from(key)])
      expect([matches(parsed, VAULT), matches(parsed, OTHER_VAULT)]).toEqual([true, false])
    }
  )

  it("is read in capitals, and with white space wherever paper or terminals put it", () => {
    for (const text of [TEXT.toUpperCase(), ` ${TEXT}\n`, `${TEXT.slice(0, 40)}\n  ${TEXT.slice(40)}\r\n`]) {
      expect(Buffer.from(Either.getOrThrow(parse(text)).key)).toEqual(Buffer.from(KEY))
    }
  })

  it("is refused with any one character wrong", () => {
    for (let at = 3; at < TEXT.length; at++) {
      for (const character of ALPHABET) {
        if (character === TEXT[at]) continue
        expect(reason(TEXT.slice(0, at) + character + TEXT.slice(at + 1))).toBe("Checksum")
      }
    }
  })

  it("is refused with any single bit turned", () => {
    for (let bit = 0; bit < 8 * TEXT.length; bit++) {
      const bytes = Buffer.from(TEXT)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(reason(bytes.toString("latin1"))).not.toBe("accepted")
    }
  })

  it("is refused with two neighbours swapped, a character missing or one too many, anywhere", () => {
    for (let at = 3; at < TEXT.length; at++) {
      const [before, after] = [TEXT.slice(0, at), TEXT.slice(at + 1)]
      expect(reason(before + after)).toBe("WrongLength")
      expect(reason(`${before}q${TEXT.slice(at)}`)).toBe("WrongLength")
      if (at < TEXT.length - 1 && TEXT[at] !== TEXT[at + 1]) {
        expect(reason(`${before}${TEXT[at + 1]}${TEXT[at]}${TEXT.slice(at + 2)}`)).toBe("Checksum")
      }
    }
  })

  it("says what is wrong with it", () => {
    expect(reason("")).toBe("WrongPrefix")
    expect(reason("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")).toBe("WrongPrefix")
    expect(reason(`h${TEXT.slice(1).toUpperCase()}`)).toBe("MixedCase")
    expect(reason(TEXT.replace(/.$/, "b"))).toBe("WrongCharacter")
    expect(reason(TEXT.slice(0, 60))).toBe("WrongLength")
    expect(reason("x".repeat(1_000_000))).toBe("WrongPrefix")
    expect(reason(`hx1${"q".repeat(1_000_000)}`)).toBe("WrongLength")
  })

  it("never repeats the key in an error", () => {
    for (const text of [TEXT.slice(0, 70), TEXT.replace(/.$/, "b"), `${TEXT.slice(0, 70)}Q${TEXT.slice(71)}`]) {
      const error = Either.getOrThrow(Either.flip(parse(text)))
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(TEXT.slice(10, 20))
    }
  })
})
