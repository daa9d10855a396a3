import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { KeyDecoder } from "../../../src/cli/search/Keys.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const keysOf = (...pieces: ReadonlyArray<string>): ReadonlyArray<string> => {
  const decoder = new KeyDecoder()
  const keys = [...pieces.flatMap((piece) => decoder.push(bytes(piece))), ...decoder.flush()]
  return keys.map(({ name, text }) => (text === "" ? name : `${name}:${text}`))
}

describe("the keys of a terminal", () => {
  it.each([
    ["a", ["character:a"]],
    ["é日😀", ["character:é", "character:日", "character:😀"]],
    ["\r", ["enter"]],
    ["\t", ["tab"]],
    ["\u007F", ["backspace"]],
    ["\u0012", ["ctrl-r"]],
    ["\u0000", ["ctrl-space"]],
    ["\u001B", ["escape"]],
    ["\u001B[A\u001BOB", ["up", "down"]],
    ["\u001B[1;5C\u001B[1;3D", ["ctrl-right", "alt-left"]],
    ["\u001B[3~\u001B[5~\u001B[6~", ["delete", "page-up", "page-down"]],
    ["\u001B[Z", ["shift-tab"]],
    ["\u001BOP", ["f1"]],
    ["\u001B1\u001Bw\u001B\u007F", ["alt-1", "alt-w", "alt-backspace"]],
    ["\u001B\u001B", ["escape", "escape"]],
    ["\u001B[200~a\nb\u001B[201~c", ["paste:a\nb", "character:c"]],
    ["\u001B[?1;2c", []],
    ["\u009B31m", ["character:3", "character:1", "character:m"]]
  ])("%j are %j", (typed, keys) => expect(keysOf(typed)).toEqual(keys))

  it("are the same in whatever pieces they come", () => {
    const whole = "x\u001B[1;5Cé\u001B[200~pasted\u001B[201~\u001BOA"
    const all = bytes(whole)
    for (let cut = 1; cut < all.length; cut++) {
      const decoder = new KeyDecoder()
      const keys = [...decoder.push(all.slice(0, cut)), ...decoder.push(all.slice(cut))]
      expect(keys.map(({ name }) => name)).toEqual(["character", "ctrl-right", "character", "paste", "up"])
    }
  })

  it.effect.prop(
    "never throw, hold no controls as text, and leave nothing behind",
    [fc.uint8Array({ maxLength: 64 })],
    ([noise]) =>
      Effect.sync(() => {
        const decoder = new KeyDecoder()
        for (const { name, text } of [...decoder.push(noise), ...decoder.flush()]) {
          if (name === "character") expect(text).not.toMatch(/\p{Cc}/u)
        }
        expect(decoder.waiting).toBe(false)
      })
  )
})
