import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Layer } from "effect"
import { Stdio } from "../../src/platform/Stdio.ts"
import { Output } from "../../src/cli/Output.ts"
import { type Column, table } from "../../src/cli/Table.ts"
import { cellsOf, wrap } from "../../src/cli/Wrapping.ts"

/** The table as a terminal of so many cells shows it; undefined: not a terminal. */
const shown = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>, cells?: number) =>
  table(columns, rows).pipe(
    Effect.map((text) => text.split("\n")),
    Effect.provide(
      Layer.provide(
        Output.layer({ json: false }),
        Stdio.layerCollecting(
          { out: [], error: [] },
          { outputIsTerminal: cells !== undefined, ...(cells === undefined ? {} : { columns: cells }) }
        )
      )
    )
  )

const NAMED: ReadonlyArray<Column> = [{ title: "" }, { title: "" }]
const STATUS = [
  ["Store", "s3://bucket/hx"],
  ["Last error", "Connection refused (bucket/hx, on list). Check that the server runs."],
  ["Database", "/home/somebody/.local/share/hx/history.db"]
]
const DEVICES: ReadonlyArray<Column> = [
  { title: "Device" },
  { title: "Changes", align: "right" },
  { title: "Last published" },
  { title: "Problem" }
]
const PEERS = [
  ["laptop (this one)", "1,234", "2026-11-22 18:04:05", ""],
  ["office", "7", "never", "its manifest is damaged, which needs a look"]
]

describe("a table that is wider than the terminal", () => {
  it.effect("is left as it is where there is no terminal", () =>
    Effect.gen(function* () {
      const lines = yield* shown(NAMED, STATUS)
      expect(lines).toHaveLength(3)
      expect(lines[1]).toBe(`Last error  ${STATUS[1]?.[1]}`)
    })
  )

  it.effect("breaks values at blanks, and puts below its name what finds no room beside it", () =>
    Effect.gen(function* () {
      expect(yield* shown(NAMED, STATUS, 44)).toEqual([
        "Store       s3://bucket/hx",
        "Last error  Connection refused (bucket/hx,",
        "            on list). Check that the server",
        "            runs.",
        "Database",
        "  /home/somebody/.local/share/hx/history.db"
      ])
    })
  )

  it.effect("breaks the cells of its columns where that is enough", () =>
    Effect.gen(function* () {
      expect(yield* shown(DEVICES, PEERS, 64)).toEqual([
        "Device           Changes  Last published       Problem",
        "laptop (this       1,234  2026-11-22 18:04:05",
        "one)",
        "office                 7  never                its manifest is",
        "                                               damaged, which",
        "                                               needs a look"
      ])
    })
  )

  it.effect("becomes a block of names and values for each row where it is not", () =>
    Effect.gen(function* () {
      expect(yield* shown(DEVICES, PEERS, 36)).toEqual([
        "Device          laptop (this one)",
        "Changes         1,234",
        "Last published  2026-11-22 18:04:05",
        "",
        "Device          office",
        "Changes         7",
        "Last published  never",
        "Problem         its manifest is",
        "                damaged, which needs",
        "                a look"
      ])
    })
  )

  it.effect("cuts the names of objects, which no line could hold beside the rest", () =>
    Effect.gen(function* () {
      const columns: ReadonlyArray<Column> = [
        { title: "Request" },
        { title: "Object" },
        { title: "ms", align: "right" }
      ]
      const name = `segments/${"0123456789abcdef".repeat(4)}.hxs`
      const lines = yield* shown(columns, [["put part", name, "12"]], 60)
      expect(lines.every((line) => cellsOf(line) <= 60)).toBe(true)
      expect(lines[1]).toMatch(/^put part +segments\/\S+ +12$/)
      expect(
        lines
          .slice(1)
          .map((line) => line.replace(/^put part|12$/g, "").trim())
          .join("")
      ).toBe(name)
    })
  )

  const history: ReadonlyArray<Column> = [
    { title: "" },
    { title: "", align: "right" },
    { title: "" },
    { title: "", whole: true }
  ]

  it.effect("leaves what is meant to be copied in one piece, below the rest where it does not fit beside it", () =>
    Effect.gen(function* () {
      const long = "docker run --rm -it -v /tmp:/tmp alpine sh -c 'echo a  b'"
      const rows = [
        ["2026-11-22 18:04:05", "", "~/work", "git push"],
        ["2026-11-22 18:04:06", "127", "~/some/where/else", long]
      ]
      expect(yield* shown(history, rows, 56)).toEqual([
        "2026-11-22 18:04:05       ~/work             git push",
        "2026-11-22 18:04:06  127  ~/some/where/else",
        `    ${long}`
      ])
      expect(yield* shown(history, rows, 30)).toEqual([
        "2026-11-22 18:04:05  ~/work",
        "    git push",
        "2026-11-22 18:04:06  127",
        "  ~/some/where/else",
        `    ${long}`
      ])
    })
  )

  it("never has a line beyond the terminal, nor loses or splits a word that fits", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.string({ unit: fc.constantFrom("a", "b", "é", "漢", " "), maxLength: 40 }), {
            minLength: 3,
            maxLength: 3
          }),
          {
            minLength: 1,
            maxLength: 5
          }
        ),
        fc.integer({ min: 24, max: 90 }),
        fc.boolean(),
        async (rows, cells, titled) => {
          const columns = ["One", "Two", "Three"].map((title) => ({ title: titled ? title : "" }))
          const lines = await Effect.runPromise(shown(columns, rows, cells)) // the edge: fast-check wants a promise
          const words = rows.flatMap((row) => row.flatMap((cell) => cell.split(" "))).filter((word) => word !== "")
          if (words.every((word) => cellsOf(word) <= cells / 2)) {
            expect(Math.max(...lines.map(cellsOf))).toBeLessThanOrEqual(cells)
            const seen = lines.join(" ").split(" ")
            for (const word of words) expect(seen).toContain(word)
          }
          const letters = (text: string) => [...text.replaceAll(/\s/g, "")].sort().join("")
          const blocks = lines.join("").replaceAll(/One|Two|Three/g, "")
          expect(letters(blocks)).toBe(letters(rows.flat().join("")))
        }
      )
    ))
})

describe("breaking a line", () => {
  it("colours each part, and nothing between them", () => {
    expect(wrap("\u001B[31mred and more\u001B[0m plain", 7, "cut")).toEqual([
      "\u001B[31mred and\u001B[0m",
      "\u001B[31mmore\u001B[0m",
      "plain"
    ])
    expect(wrap("\u001B[2mabcdef\u001B[0m", 4, "cut")).toEqual(["\u001B[2mabcd\u001B[0m", "\u001B[2mef\u001B[0m"])
  })

  it("cuts names behind their punctuation, where that leaves room for no more than half", () => {
    expect(wrap("HX_SYNC_CONCURRENT_UPLOADS", 22, "cut")).toEqual(["HX_SYNC_CONCURRENT_", "UPLOADS"])
    expect(wrap("/usr/local/share/hx", 12, "cut")).toEqual(["/usr/local/", "share/hx"])
    expect(wrap("a/0123456789abcdef", 8, "cut")).toEqual(["a/012345", "6789abcd", "ef"])
  })

  it("cuts no character apart, and counts wide ones as two", () => {
    expect(wrap("漢字漢字", 5, "cut")).toEqual(["漢字", "漢字"])
    expect(wrap("e\u0301e\u0301e\u0301", 2, "cut")).toEqual(["e\u0301e\u0301", "e\u0301"])
    expect(wrap("漢字漢字 a", 5, "whole")).toEqual(["漢字漢字", "a"])
  })
})
