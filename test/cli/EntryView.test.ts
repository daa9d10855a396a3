import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Entry } from "../../src/domain/Entry.ts"
import { entryTable, shownCommand } from "../../src/cli/EntryView.ts"
import { Output } from "../../src/cli/Output.ts"
import { widthOf } from "../../src/cli/Printable.ts"
import { Stdio } from "../../src/platform/Stdio.ts"
import { live, T0 } from "../db/Samples.ts"

const shown = (entry: Entry, terminal: boolean) =>
  Effect.map(Output, (output) => shownCommand(entry, output)).pipe(Effect.provide(surroundings(terminal)))

const surroundings = (terminal: boolean) =>
  Layer.provide(
    Output.layer({ json: false }),
    Stdio.layerCollecting({ out: [], error: [] }, { outputIsTerminal: terminal, columns: 80 })
  )

describe("a command of 100 KB", () => {
  const long = live(`echo ${"x".repeat(100_000)}`, T0)
  const wide = live(`echo ${"漢".repeat(100_000)}`, T0)

  it.effect("takes a few lines of a terminal, and tells how to see all of it", () =>
    Effect.gen(function* () {
      for (const entry of [long, wide]) {
        const text = yield* shown(entry, true)
        expect(widthOf(text)).toBeLessThan(5 * 80)
        expect(text).toMatch(/^echo /)
        expect(text).toContain(`… [100,005 characters; all of it: hx show ${entry.id.slice(0, 10)}]`)
      }
      const table = yield* entryTable([long], "/home/u").pipe(Effect.provide(surroundings(true)))
      expect(table.length).toBeLessThan(6 * 80)
    })
  )

  it.effect("is whole for other programs", () =>
    Effect.gen(function* () {
      expect(yield* shown(long, false)).toBe(long.command)
      const table = yield* entryTable([long], "/home/u").pipe(Effect.provide(surroundings(false)))
      expect(table).toContain(long.command)
    })
  )

  it.effect("a command that fits is never cut", () =>
    Effect.gen(function* () {
      const fitting = live("x".repeat(4 * 80), T0)
      expect(yield* shown(fitting, true)).toBe(fitting.command)
    })
  )
})
