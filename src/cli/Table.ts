/** Columns without borders, for results that people read. */

import { Effect } from "effect"

export interface Column {
  readonly title: string
  readonly align?: "left" | "right"
}

/** Text may hold colours: widths count cells, not characters. Without titles only where every column's title is empty. */
export const table = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): Effect.Effect<string> =>
  Effect.map(load, (Table) => {
    const titled = columns.some((column) => column.title !== "")
    const drawn = new Table({
      ...(titled ? { head: columns.map((column) => column.title) } : {}),
      colAligns: columns.map((column) => column.align ?? "left"),
      chars: NO_BORDERS,
      style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true }
    })
    for (const row of rows) drawn.push([...row])
    return drawn
      .toString()
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
  })

const load = Effect.promise(() => import("cli-table3").then((module) => module.default))

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  "
}
