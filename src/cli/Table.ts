/** Columns without borders, for results that people read. */

import { Effect } from "effect"
import { stripVTControlCharacters } from "node:util"
import { widthOf } from "./Printable.ts"

export interface Column {
  readonly title: string
  readonly align?: "left" | "right"
}

/** Lines of two or more columns. Cells may hold colours: widths count what is seen. A line of titles only where there is one. */
export const table = (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): Effect.Effect<string> => Effect.sync(() => draw(columns, rows))

const GAP = "  "

const draw = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const titles = columns.map((column) => column.title)
  const lines = titles.some((title) => title !== "") ? [titles, ...rows] : rows
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((cells) => cellWidth(cells[index] ?? ""))))
  return lines
    .map((cells) =>
      columns
        .map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align))
        .join(GAP)
        .trimEnd()
    )
    .join("\n")
}

const pad = (cell: string, width: number, align: Column["align"]): string => {
  const blanks = " ".repeat(Math.max(0, width - cellWidth(cell)))
  return align === "right" ? blanks + cell : cell + blanks
}

const cellWidth = (cell: string): number => widthOf(cell.includes("\u001B") ? stripVTControlCharacters(cell) : cell)
