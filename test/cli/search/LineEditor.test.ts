import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { edit, insert, type LineAction, lineOf } from "../../../src/cli/search/LineEditor.ts"

/** The line with | where the cursor is. */
const after = (start: string, ...actions: ReadonlyArray<LineAction>): string => {
  const at = start.indexOf("|")
  const line = { ...lineOf(start.replace("|", "")), cursor: at }
  const { cursor, text } = actions.reduce(edit, line)
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`
}

describe("a line that is typed", () => {
  it.each<[string, ReadonlyArray<LineAction>, string]>([
    ["ab|", ["left"], "a|b"],
    ["|ab", ["left"], "|ab"],
    ["|ab", ["right"], "a|b"],
    ["ab|", ["home"], "|ab"],
    ["|ab", ["end"], "ab|"],
    ["git push|", ["word-left"], "git |push"],
    ["|git push", ["word-right"], "git| push"],
    ["ab|c", ["delete-left"], "a|c"],
    ["ab|c", ["delete-right"], "ab|"],
    ["git push --force|", ["cut-word-left"], "git push |"],
    ["git push| x", ["cut-left"], "| x"],
    ["git| push", ["cut-right"], "git|"],
    ["git| push", ["cut-right", "put-back"], "git push|"],
    ["git| push", ["cut-word-right", "home", "put-back"], " push|git"],
    ["a😀|", ["delete-left"], "a|"],
    ["👩‍👩‍👧|", ["left"], "|👩‍👩‍👧"],
    ["é|", ["delete-left"], "|"]
  ])("%j after %j is %j", (start, actions, expected) => expect(after(start, ...actions)).toBe(expected))

  it("takes what is pasted as one line", () => expect(insert(lineOf("a"), "b\r\n\tc\u001B[31m").text).toBe("ab c [31m"))

  const actions = fc.constantFrom<LineAction>(
    "left",
    "right",
    "word-left",
    "word-right",
    "delete-left",
    "delete-right",
    "cut-word-left",
    "cut-word-right",
    "cut-left",
    "cut-right",
    "put-back"
  )
  it.effect.prop("keeps its cursor within it", [fc.string({ unit: "grapheme" }), fc.array(actions)], ([text, done]) =>
    Effect.sync(() => {
      const line = done.reduce(edit, lineOf(text))
      expect(line.cursor).toBeGreaterThanOrEqual(0)
      expect(line.cursor).toBeLessThanOrEqual(line.text.length)
    })
  )
})
