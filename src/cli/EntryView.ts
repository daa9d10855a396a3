/** Entries as results: rows of a table for people, objects for programs. */

import { Effect } from "effect"
import type { Entry } from "../domain/Entry.ts"
import { jsonEntry } from "../history/exporters/JsonEntry.ts"
import { type Json, Output, type OutputService } from "./Output.ts"
import { printable, printableWithin, truncate } from "./Printable.ts"
import { type Column, table } from "./Table.ts"
import { counted, momentText } from "./Units.ts"

/** As in an export, so that a program needs to know one shape only. */
export const entryObject = (entry: Entry): { readonly [key: string]: Json } => JSON.parse(jsonEntry(entry)) as never

/** Enough of an id to be the only one in any history that somebody has typed; `show` and `forget` take it. */
export const ID_SHOWN = 10

/** One line an entry: id, when, exit code where it is not 0, directory, command. `home` is shortened to ~. */
export const entryTable = Effect.fn("EntryView.table")(function* (entries: ReadonlyArray<Entry>, home: string) {
  const output = yield* Output
  const { styled } = output
  const rows = entries.map((entry) => [
    styled("dim", entry.id.slice(0, ID_SHOWN)),
    entry.start === null ? "" : momentText(entry.start),
    entry.exit === null || entry.exit === 0 ? "" : styled("red", String(entry.exit)),
    styled("dim", entry.cwd === null ? "" : directory(entry.cwd, home)),
    shownCommand(entry, output)
  ])
  return yield* table(COLUMNS, rows)
})

/**
 * A command on one line. On a terminal a very long one would push everything else off the screen: it is cut, and what is left out is told, with
 * the command that shows it all. Other programs get all of it.
 */
export const shownCommand = (entry: Entry, { columns, styled, terminal }: OutputService): string => {
  const whole = printable(entry.command)
  const short = terminal ? truncate(whole, LINES * columns) : whole
  if (short === whole) return whole
  const length = counted(entry.command.length, "character")
  return `${short} ${styled("dim", `[${length}; all of it: hx show ${entry.id.slice(0, ID_SHOWN)}]`)}`
}

/** Of the terminal, for one command. */
const LINES = 4

/** Commands are there to be copied. */
const COLUMNS: ReadonlyArray<Column> = [
  { title: "" },
  { title: "" },
  { title: "", align: "right" },
  { title: "" },
  { title: "", whole: true }
]

/** The end of a path says more than its beginning. */
const directory = (path: string, home: string): string => {
  const short = path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
  const shown = printable(short)
  return shown.length <= DIRECTORY_CELLS
    ? shown
    : `…${printableWithin(shown.slice(1 - DIRECTORY_CELLS), DIRECTORY_CELLS)}`
}

const DIRECTORY_CELLS = 28
