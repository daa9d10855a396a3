import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import type { Entry } from "../../src/domain/Entry.ts"
import { makeHistoryDigest } from "../../src/domain/HistoryDigest.ts"
import { entry, plainEntry } from "../history/Commands.ts"

const digestOf = (entries: ReadonlyArray<Entry>): string => {
  const digest = makeHistoryDigest()
  for (const each of entries) digest.add(each)
  return digest.value()
}

const sha = (text: string): bigint => BigInt(`0x${createHash("sha256").update(text).digest("hex")}`)

describe("HistoryDigest", () => {
  it("is what the specification says, byte by byte", () => {
    const one = { ...plainEntry({ start: 5, command: "é" }), exit: 12 }
    const text = `11:hx.digest.132:${one.id}1:5-2:122:é-----10:import:zsh`
    expect(digestOf([one])).toBe(sha(text).toString(16).padStart(64, "0"))
    expect(digestOf([])).toBe("0".repeat(64))
  })

  it("adds up modulo 2^256, however many there are", () => {
    const entries = Array.from({ length: 50 }, (_, n) => plainEntry({ start: n, command: "x" }))
    const sum = entries.reduce((total, each) => total + BigInt(`0x${digestOf([each])}`), 0n) % 2n ** 256n
    expect(digestOf(entries)).toBe(sum.toString(16).padStart(64, "0"))
  })

  effectIt.prop(
    "does not depend on the order, nor on when it is asked",
    [fc.array(entry), fc.nat()],
    ([entries, at]) => {
      const cut = entries.length === 0 ? 0 : at % entries.length
      const digest = makeHistoryDigest()
      for (const each of [...entries.slice(cut), ...entries.slice(0, cut)]) {
        digest.add(each)
        digest.value()
      }
      expect(digest.value()).toBe(digestOf(entries))
    }
  )

  effectIt.prop("sees every field but the capturing device and the ordinal", [entry, entry], ([a, b]) => {
    for (const name of [
      "id",
      "start",
      "duration",
      "exit",
      "command",
      "cwd",
      "session",
      "host",
      "user",
      "shell",
      "origin"
    ] as const) {
      const changed: Entry = { ...a, [name]: b[name] }
      expect(digestOf([a]) === digestOf([changed])).toBe(a[name] === b[name])
    }
    expect(digestOf([{ ...a, device: "f".repeat(32) as Entry["device"], ordinal: null }])).toBe(digestOf([a]))
  })
})
