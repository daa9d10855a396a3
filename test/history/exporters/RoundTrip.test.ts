import { it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import type { Entry } from "../../../src/domain/Entry.ts"
import { IMPORT_FORMATS } from "../../../src/history/importers/HistoryParser.ts"
import { TIME } from "../../../src/history/importers/Bash.ts"
import { command, entry, shellEntry } from "../Commands.ts"
import { exportAll, importAll, parse } from "../Files.ts"

const brief = (entries: ReadonlyArray<Entry>) => entries.map((each) => [each.start, each.command])

/**
 * bash's format cannot tell a time from a line that looks like one, nor an entry's last empty lines from what bash adds. Exports are in the
 * order of time: an older time behind a here-document that was left open may be taken for text of it.
 */
const bashCommand = command
  .map((text) => text.replace(/\n+$/, ""))
  .filter((text) => /\S/.test(text) && !text.split("\n").some((line) => TIME.test(line)))

describe("export, then import", () => {
  for (const format of ["json", "jsonl"] as const) {
    it.prop(`${format} gives every entry back as it was`, [fc.array(entry, { maxLength: 6 })], ([entries]) => {
      const again = importAll(format, exportAll(format, entries))
      expect(again.problems).toEqual([])
      expect(again.entries).toEqual(entries)
    })
  }

  it.prop("json again gives the identical file", [fc.array(entry, { maxLength: 6 })], ([entries]) => {
    const once = exportAll("json", entries)
    expect(exportAll("json", importAll("json", once).entries, 1)).toEqual(once)
  })

  for (const [format, commands] of [
    ["zsh", command],
    ["bash", bashCommand],
    ["fish", command]
  ] as const) {
    it.prop(
      `${format} gives every command and time back, read in whatever pieces`,
      [fc.array(shellEntry(commands), { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 5 })],
      ([unsorted, cuts]) => {
        const entries = unsorted.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0))
        const bytes = exportAll(format, entries)
        const again = importAll(format, bytes)
        expect(again.problems).toEqual([])
        expect(brief(again.entries)).toEqual(brief(entries))
        expect(parse(format, bytes, cuts)).toEqual(parse(format, bytes))
      }
    )
  }

  it.prop(
    "of any bytes at all never fails, and does not depend on the pieces they come in",
    [
      fc.constantFrom(...IMPORT_FORMATS),
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(command).map((lines) => Buffer.from(lines.join("\n")))
      ),
      fc.array(fc.nat(), { maxLength: 5 })
    ],
    ([format, bytes, cuts]) => {
      expect(parse(format, bytes, cuts)).toEqual(parse(format, bytes))
    }
  )
})
