import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { importedId, liveId } from "../../../src/domain/EntryId.ts"
import * as Instant from "../../../src/domain/Instant.ts"
import { DEVICE, entry } from "../Commands.ts"
import { exportAll, importAll, parse, summary } from "../Files.ts"

const START = 1_700_000_000_123_456
const LIVE = {
  id: liveId("s", 7, START, "make"),
  command: "make",
  start: Instant.toIso(START),
  duration: 1.000001,
  exit: 2,
  cwd: "/w",
  session: "s",
  host: "h",
  user: "u",
  shell: "zsh",
  origin: "live"
}
const IMPORTED = { id: importedId(null, "ls", 2), command: "ls", origin: "import:bash" }

const backup = (entries: ReadonlyArray<unknown>, more: object = {}): string =>
  JSON.stringify({ format: "hx-export", version: 1, entries, ...more })

describe("JSON backup", () => {
  it("gives entries with their own ids, and the importing device as theirs", () => {
    expect(importAll("json", backup([LIVE, IMPORTED]))).toEqual({
      problems: [],
      entries: [
        { ...LIVE, start: START, duration: 1_000_001, device: DEVICE, ordinal: null },
        {
          ...{ id: IMPORTED.id, command: "ls", origin: "import:bash", device: DEVICE, ordinal: 2 },
          ...{ start: null, duration: null, exit: null, cwd: null, session: null, host: null, user: null, shell: null }
        }
      ]
    })
  })

  it("has no ordinal for an entry whose id its body does not give: it was redacted", () => {
    expect(importAll("json", backup([{ ...IMPORTED, command: "***" }])).entries).toMatchObject([{ ordinal: null }])
  })

  it("gives an id to an entry that has none", () => {
    expect(importAll("json", backup([{ command: "ls" }, { command: "ls" }])).entries).toMatchObject([
      { id: importedId(null, "ls", 0), ordinal: 0, origin: "import:json" },
      { id: importedId(null, "ls", 1), ordinal: 1, origin: "import:json" }
    ])
  })

  it("does not mind order, layout, a byte order mark or keys it does not know", () => {
    const text = JSON.stringify(
      {
        later: { a: ["]}", { b: '\\"' }] },
        entries: [{ ...IMPORTED, more: [1, "}"] }],
        n: -1.5e3,
        version: 1,
        format: "hx-export"
      },
      null,
      3
    )
    expect(importAll("json", `\ufeff${text}\n`)).toMatchObject({ problems: [], entries: [{ id: IMPORTED.id }] })
  })

  it("names an entry that cannot be read by its line, and reads the others", () => {
    const bad = [
      5,
      null,
      {},
      { command: "" },
      { command: "a\0b" },
      { command: "x", id: "12" },
      { command: "x", start: "yesterday" },
      { command: "x", start: 5 },
      { command: "x", duration: -1 },
      { command: "x", duration: "1" },
      { command: "x", exit: 1.5 },
      { command: "x", cwd: 5 },
      { command: "x", host: "a\0" },
      { command: "x", origin: "elsewhere" }
    ]
    const lines = [...bad, { command: "good" }].map((each) => JSON.stringify(each)).join(",\n")
    const parsed = parse("json", `{"format":"hx-export","version":1,"entries":[\n${lines}]}`)
    expect(parsed.slice(0, -1).map((each) => [each.kind, each.line])).toEqual(bad.map((_, at) => ["problem", at + 2]))
    expect(parsed.at(-1)).toMatchObject({ kind: "entry", command: "good", line: bad.length + 2 })
  })

  it("reads nothing from a newer version, and from what is no backup", () => {
    expect(summary("json", `{"format":"hx-export","version":2,"entries":[{"command":"x"}]}`)).toEqual([
      "1: a backup made by a newer hx: update hx to import it"
    ])
    expect(summary("json", `{"format":"other","entries":[{"command":"x"}]}`)).toEqual([
      '1: not a backup of hx: its format is not "hx-export"'
    ])
    expect(summary("json", `{"entries":[]}`)).toEqual(['1: not a backup of hx: it has no "format"'])
    for (const text of ["", "x", "[]", "{]", '{"a" 1}', '{"entries":[}', "{} x"]) {
      expect(summary("json", text)).toHaveLength(1)
    }
  })

  it("reads what is whole in a backup that is cut off, and says so", () => {
    const whole = backup([LIVE, IMPORTED])
    const cut = whole.indexOf(IMPORTED.id)
    expect(importAll("json", whole.slice(0, cut))).toMatchObject({
      entries: [{ id: LIVE.id }],
      problems: ["1: the backup is cut off here"]
    })
  })

  it("tells a backup that was changed after the export", () => {
    const [text] = [exportAll("json", importAll("json", backup([LIVE, IMPORTED])).entries).toString()]
    expect(importAll("json", text).problems).toEqual([])
    expect(importAll("json", text.replace('"make"', '"fake"')).problems).toEqual([
      "4: the digest does not fit the entries: they were changed after the export"
    ])
    expect(importAll("json", text.replace(/\n\{"id":"[^,]*","command":"make".*\n/, "\n")).problems).toHaveLength(1)
  })

  it("passes over a value that is too long", () => {
    const text = backup([{ command: "x".repeat(34 * 1024 * 1024) }, IMPORTED])
    expect(importAll("json", text)).toMatchObject({
      entries: [{ id: IMPORTED.id }],
      problems: ["1: an entry that is too long"]
    })
  })

  it("is not upset by deep nesting", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000)
    expect(
      importAll("json", `{"x":${deep},"format":"hx-export","version":1,"entries":[${deep},{"command":"x"}]}`)
    ).toMatchObject({
      entries: [{ command: "x" }],
      problems: ["1: not an entry"]
    })
  })

  effectIt.prop(
    "reads the same in whatever pieces it comes",
    [fc.array(entry, { maxLength: 4 }), fc.array(fc.nat())],
    ([entries, cuts]) => {
      const bytes = exportAll("json", entries)
      expect(parse("json", bytes, cuts)).toEqual(parse("json", bytes))
    }
  )
})

describe("JSON lines", () => {
  it("gives one entry a line, skips empty lines, and names what it cannot read", () => {
    expect(parse("jsonl", `{"command":"a"}\n\n{"command":5}\nx\n{"command":"é"}`)).toMatchObject([
      { kind: "entry", line: 1, command: "a" },
      { kind: "problem", line: 3, why: 'an entry whose "command" cannot be read' },
      { kind: "problem", line: 4, why: "not JSON" },
      { kind: "entry", line: 5, command: "é" }
    ])
  })
})
