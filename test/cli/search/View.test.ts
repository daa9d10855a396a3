import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { ageText } from "../../../src/cli/search/Ages.ts"
import { widthOfPieces } from "../../../src/cli/search/Cells.ts"
import { keymapOf } from "../../../src/cli/search/Keymap.ts"
import { lineOf } from "../../../src/cli/search/LineEditor.ts"
import { Screen } from "../../../src/cli/search/Screen.ts"
import { SCOPES, type State } from "../../../src/cli/search/State.ts"
import { startState } from "../../../src/cli/search/Update.ts"
import { draw, type Surroundings, UNICODE } from "../../../src/cli/search/View.ts"
import { parseSearchQuery } from "../../../src/history/search/SearchQuery.ts"

const HOSTILE = "\u001B[31m\u0007\u202E\u200B\u009B\n\r\t"

const framed = (commands: ReadonlyArray<string>, around: Partial<Surroundings>, state: Partial<State> = {}) => {
  const typed = startState(lineOf("git"), "everywhere", new Set(SCOPES))
  const hits = commands.map((_, index) => ({ command: index, seq: index, start: 0, failed: true, count: 1 + index }))
  const known: State = { ...typed, answer: { hits, total: hits.length, complete: true }, ...state }
  const frame = draw(known, {
    columns: 80,
    rows: 20,
    glyphs: UNICODE,
    keymap: keymapOf("emacs", new Map()),
    query: parseSearchQuery(known.line.text),
    now: 7_200_000_000,
    home: "/home/ada",
    textOf: ({ command }) => commands[command]!,
    detailsOf: ({ command }) => ({
      id: "a",
      start: 0,
      duration: 1,
      exit: 3,
      cwd: `/home/ada/${commands[command]!}`,
      session: "s",
      host: commands[command]!,
      shell: "zsh",
      origin: "live"
    }),
    ...around
  })
  return frame
}

const textsOf = ({ lines }: ReturnType<typeof framed>) => lines.map((pieces) => pieces.map(({ text }) => text).join(""))

describe("a frame of the search", () => {
  const commands = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constant(HOSTILE), fc.constant("日本語 ".repeat(60))),
    {
      maxLength: 30
    }
  )
  const state = fc.record(
    {
      help: fc.boolean(),
      line: fc.string({ unit: "grapheme", maxLength: 300 }).map(lineOf),
      selected: fc.nat(3),
      preview: fc.constantFrom("short" as const, "tall" as const),
      notice: fc.constantFrom(null, HOSTILE.repeat(20)),
      asking: fc.constantFrom(null, { count: 1 }, { count: 1_234_567 }),
      ended: fc.constantFrom("any" as const, "failed" as const)
    },
    { requiredKeys: [] }
  )

  it.effect.prop(
    "has as many lines as it was given, none wider than the terminal, and nothing that steers it",
    [commands, fc.integer({ min: 1, max: 140 }), fc.integer({ min: 1, max: 40 }), state],
    ([texts, columns, rows, more]) =>
      Effect.sync(() => {
        const frame = framed(texts, { columns, rows }, more)
        expect(frame.lines).toHaveLength(rows)
        for (const pieces of frame.lines) {
          expect(widthOfPieces(pieces)).toBeLessThanOrEqual(columns)
          for (const { text } of pieces) expect(text).not.toMatch(/[\p{Cc}\u200b\u202e]/u)
        }
        expect(frame.cursor).toBeLessThan(Math.max(1, columns))
      })
  )

  it("shows what ran, when, how it ended, and how often", () => {
    const lines = textsOf(framed(["git status", "git push"], { columns: 60 }))
    expect(lines[0]).toBe("❯ git")
    expect(lines[1]).toMatch(/^\[everywhere\]  host /)
    expect(lines[2]).toMatch(/^▌ {2}2h ✗ git status$/)
    expect(lines[3]).toMatch(/^ {3}2h ✗ git push +×2$/)
    expect(lines.join("\n")).toContain("exit 3 · <1 ms · ~/git status · git s…")
  })

  it("shows a command on the lines it has, and tells what there was no room for", () => {
    const lines = textsOf(framed(["for i in 1 2\ndo echo $i\ndone\n# end\n# really"], { rows: 20 }))
    expect(lines).toContainEqual(expect.stringMatching(/ for i in 1 2⏎do echo \$i⏎done/))
    expect(lines).toContain("  for i in 1 2")
    expect(lines.at(-1)).toBe("  … 5 lines, 43 characters")
  })

  it("keeps the cursor of a line that is too long in sight", () => {
    const frame = framed([], { columns: 20 }, { line: lineOf("0123456789012345678901234567890") })
    expect(textsOf(frame)[0]).toMatch(/^❯ ….*67890$/)
    expect(frame.cursor).toBe(19)
  })

  it("without colour is the same text, with no attributes in it", () => {
    const frame = framed(["git status"], {})
    const plain = new Screen({ full: true, below: false, colour: false }).frame(frame)
    expect(plain).not.toMatch(/\u001B\[[\d;]*m/)
    expect(plain).toContain("git status")
    expect(new Screen({ full: true, below: false, colour: true }).frame(frame)).toMatch(/\u001B\[1;33mgit\u001B\[0m/)
  })
})

describe("an age", () => {
  it.each([
    [0, "now"],
    [40, "40s"],
    [3_599, "59m"],
    [7_200, "2h"],
    [59 * 86_400, "59d"],
    [400 * 86_400, "13mo"],
    [1_200 * 86_400, "3y"],
    [-600, "?"]
  ])("of %d s is %s", (seconds, text) => expect(ageText(0, seconds * 1e6)).toBe(text))
})
