/** hx stats: the built program, and its text in terminals of any width. */

import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { statsText } from "../../src/cli/commands/run/StatsText.ts"
import { cellsOf } from "../../src/cli/Wrapping.ts"
import { stats } from "../../src/history/Stats.ts"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { imported, live, memory, SECOND } from "../db/Samples.ts"
import { makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

/** 2026-11-30T12:00:00Z, a Monday. */
const NOON = 1_796_040_000 * SECOND
const DAY = 86_400 * SECOND

const ENTRIES = [
  ...Array.from({ length: 40 }, (_, index) =>
    live(`git commit -m ${index}`, NOON - index * DAY * 3, {
      cwd: "/home/ada/日本語/".repeat(1 + (index % 5)),
      exit: index % 2
    })
  ),
  live("echo \u001B[31mred\u202E", NOON - DAY, { exit: 1, duration: 90 * SECOND, ordinal: 1 }),
  live(`echo ${"日本語".repeat(40)}`, NOON - 2 * DAY, {
    host: "server",
    shell: "bash",
    duration: 5 * SECOND,
    ordinal: 2
  }),
  imported("make | tee log", null)
]

const textIn = (columns: number, colour = false) =>
  Effect.gen(function* () {
    yield* (yield* HistoryDb).log.record(ENTRIES)
    const found = yield* stats({ top: 10, now: NOON })
    const styled = (_: string, text: string) => (colour ? `\u001B[1m${text}\u001B[0m` : text)
    const output = {
      json: false,
      terminal: true,
      colour,
      columns,
      result: () => Effect.void,
      raw: () => Effect.void,
      styled
    }
    return statsText({ found, filters: {}, now: NOON, home: "/home/ada" }, output)
  }).pipe(Effect.provide(memory), (effect) => Effect.runPromise(effect)) // the edge: a plain test of text

describe("the text of hx stats", () => {
  it.each([40, 80, 110, 120, 200])("fits %i columns, and steers no terminal", async (columns) => {
    const text = await textIn(columns)
    for (const line of text.split("\n")) expect(cellsOf(line), line).toBeLessThanOrEqual(columns)
    expect(text).not.toMatch(/[\u001B\u202E]/)
    for (const title of ["Days", "Hours", "Weekdays", "Commands", "Programs", "Directories", "Longest", "Hosts"]) {
      expect(text).toContain(title)
    }
    expect(text).toContain("git commit")
    expect(text).toContain("1 entry says not when")
  })

  it("shows fewer weeks where there is less room, and levels by glyphs where there is no colour", async () => {
    const monday = (text: string) => text.split("\n").find((line) => line.startsWith("Mon ")) ?? ""
    expect(cellsOf(monday(await textIn(40)))).toBe(40)
    expect(cellsOf(monday(await textIn(80)))).toBe(4 + 53)
    expect(cellsOf(monday(await textIn(120)))).toBe(4 + 2 * 53 - 1)
    expect(await textIn(80)).toContain("less ·░▒▓█ more")
    const coloured = await textIn(80, true)
    expect(coloured).toContain("■")
    expect(coloured).not.toContain("░")
  })
})

interface Told {
  readonly entries: number
  readonly undated: number
  readonly hours: ReadonlyArray<number>
  readonly weekdays: ReadonlyArray<number>
  readonly calendar: { readonly days: ReadonlyArray<{ readonly day: string; readonly count: number }> }
}

const sum = (counts: ReadonlyArray<number>) => counts.reduce((all, each) => all + each, 0)

describe("hx stats", () => {
  const device = makeDevice(scratch.path, "stats")
  const line = (command: string, start: string | null, host: string) =>
    JSON.stringify({ command, start, host, origin: "import:x" })

  it("counts by host, period and length of lists, in the local time zone, and its sums agree", async () => {
    expect((await device.hx(["stats"])).stdout).toContain("Nothing is recorded yet")
    writeFileSync(
      join(device.home, "h.jsonl"),
      [
        line("git push", "2024-05-01T22:30:00Z", "one"),
        line("sudo git push --force", "2024-05-02T10:00:00Z", "one"),
        line("ls | wc -l", "2024-06-30T23:59:59Z", "two"),
        line("whenever", null, "two"),
        ""
      ].join("\n")
    )
    await device.json(["import", "--file", "h.jsonl"])
    const env = { TZ: "Asia/Kathmandu" }
    const all = (await device.json(["stats"], { env })) as unknown as Told
    expect(all).toMatchObject({
      version: 1,
      entries: 4,
      undated: 1,
      days: 2,
      topPrograms: [{ value: "git push", count: 2 }, { value: "ls" }, { value: "wc" }, { value: "whenever" }],
      busiest: { day: "2024-05-02", count: 2 }
    })
    // Half past ten in the evening there is a quarter past four the next morning.
    expect(all.hours[4]).toBe(1)
    for (const counts of [all.hours, all.weekdays, all.calendar.days.map(({ count }) => count)]) {
      expect(sum(counts)).toBe(all.entries - all.undated)
    }
    expect(await device.json(["stats", "--host", "two"])).toMatchObject({ entries: 2, undated: 1 })
    expect(await device.json(["stats", "--period", "2024-05", "--top", "1"])).toMatchObject({
      entries: 2,
      topCommands: [{ value: "git push", count: 1 }]
    })
    expect((await device.hx(["stats", "--period", "2020"])).stdout).toContain("Nothing ran then or there")
  })

  it.each([
    [["--period", "soon"], "Not a period that hx understands"],
    [["--period", "today", "--after", "2020"], "Two periods at once"],
    [["--top", "-1"], "Not a length of lists"]
  ])("%j is an error of usage", async (words, what) => {
    const ran = await device.hx(["stats", ...words])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(what)
  })
})
