/**
 * Columns without borders, for results that people read.
 *
 * On a terminal that is too narrow for them, what can be broken at blanks is; where that does not help either, each row becomes lines of "title, value".
 * Without a terminal every row is one line, whatever its width: that is what other programs want.
 */

import { Effect } from "effect"
import { Output } from "./Output.ts"
import { cellsOf, widestWord, wrap } from "./Wrapping.ts"

export interface Column {
  readonly title: string
  readonly align?: "left" | "right"
  /** Of the last column: text to be copied, which is never broken here. Where it does not fit beside the others it stands below them. */
  readonly whole?: boolean
}

/** Lines of two or more columns. Cells may hold colours: widths count what is seen. A line of titles only where there is one. */
export const table = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>): Effect.Effect<string, never, Output> =>
  Effect.map(Output, (output) =>
    draw(columns, rows, output.terminal ? output.columns : Number.POSITIVE_INFINITY).join("\n")
  )

type Row = ReadonlyArray<string>
type Lines = ReadonlyArray<string>

const GAP = "  "

const draw = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<Row>, room: number): Lines => {
  const titles = columns.map((column) => column.title)
  const titled = titles.some((title) => title !== "")
  const lines = titled ? [titles, ...rows] : rows
  const widths = widthsOf(columns, lines)
  if (lineWidth(widths) <= room) return lines.map((cells) => beside(columns, widths, cells))
  if (columns.at(-1)?.whole === true) return withLastBelow(columns, widths, lines, room)
  if (!titled && columns.length === 2) return pairs(lines, room)
  const narrow = narrowed(columns, lines, widths, room)
  if (narrow !== undefined) return lines.flatMap((cells) => wrapped(columns, narrow, cells))
  if (titled) return records(titles, rows, room)
  return rows.flatMap((cells) => flowing(cells, room))
}

const widthsOf = (columns: ReadonlyArray<Column>, lines: ReadonlyArray<Row>): ReadonlyArray<number> => {
  const widths = columns.map(() => 0)
  for (const cells of lines)
    for (const index of widths.keys()) widths[index] = Math.max(widths[index] ?? 0, cellsOf(cells[index] ?? ""))
  return widths
}

const lineWidth = (widths: ReadonlyArray<number>): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1)

const beside = (columns: ReadonlyArray<Column>, widths: ReadonlyArray<number>, cells: Row): string =>
  columns
    .map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align))
    .join(GAP)
    .trimEnd()

const pad = (cell: string, width: number, align: Column["align"]): string => {
  const blanks = " ".repeat(Math.max(0, width - cellsOf(cell)))
  return align === "right" ? blanks + cell : cell + blanks
}

/** The last cell beside the others where the line has room for it, else on the next one. */
const withLastBelow = (
  columns: ReadonlyArray<Column>,
  widths: ReadonlyArray<number>,
  lines: ReadonlyArray<Row>,
  room: number
): Lines => {
  const heads = columns.slice(0, -1)
  const headWidth = lineWidth(widths.slice(0, -1))
  return lines.flatMap((cells) => {
    const head = cells.slice(0, heads.length)
    const last = cells[heads.length] ?? ""
    if (headWidth + GAP.length + cellsOf(last) <= room) return [beside(columns, widths, cells)]
    const above = headWidth <= room ? [beside(heads, widths, head)] : flowing(head, room)
    return [...above, GAP + GAP + last]
  })
}

/** Names on the left, values on the right; a value that finds no room there stands below its name. */
const pairs = (rows: ReadonlyArray<Row>, room: number): Lines => {
  const width = most(rows.map(([name = ""]) => cellsOf(name)))
  const right = room - width - GAP.length
  return rows.flatMap(([name = "", value = ""]) => {
    if (right >= Math.min(NARROWEST, cellsOf(value)) && widestWord(value) <= right)
      return wrap(value, right, "whole").map((line, index) =>
        (pad(index === 0 ? name : "", width, "left") + GAP + line).trimEnd()
      )
    const below = wrap(value, room - GAP.length, "whole").map((line) => GAP + line)
    return name === "" ? below : [...wrap(name, room, "whole"), ...below]
  })
}

/** Cells of a column of prose that can still be read. */
const NARROWEST = 20

const records = (titles: Row, rows: ReadonlyArray<Row>, room: number): Lines =>
  rows.flatMap((cells, index) => {
    const filled = titles.flatMap((title, column) => {
      const cell = cells[column] ?? ""
      return cell === "" ? [] : [[title, cell]]
    })
    return [...(index === 0 ? [] : [""]), ...pairs(filled, room)]
  })

/** One cell after the other, lines broken between cells where that is possible. */
const flowing = (cells: Row, room: number): Lines => {
  const lines: Array<string> = []
  for (const cell of cells.filter((each) => each !== "")) {
    const joined = lines.length === 0 ? cell : lines.at(-1) + GAP + cell
    if (cellsOf(joined) <= room) lines.splice(-1, 1, joined)
    else lines.push(...wrap(cell, room - GAP.length, "whole").map((line) => (lines.length === 0 ? line : GAP + line)))
  }
  return lines
}

/** Widths of columns whose cells are broken at blanks; undefined where there is no room even so. */
const narrowed = (
  columns: ReadonlyArray<Column>,
  lines: ReadonlyArray<Row>,
  widths: ReadonlyArray<number>,
  room: number
): ReadonlyArray<number> | undefined => {
  const least = columns.map(({ align }, index) => {
    const width = widths[index] ?? 0
    if (align === "right") return width
    const words = lines.map((cells) => widestWord(cells[index] ?? ""))
    // What takes more than half of the line, such as the name of an object, is cut.
    const long = words.some((word) => word > room / 2)
    return Math.max(long ? Math.floor(room / 3) : 0, most(words.filter((word) => word <= room / 2)))
  })
  let spare = room - lineWidth(least)
  if (spare < 0) return undefined
  const narrow = [...least]
  const wants = (index: number) => (widths[index] ?? 0) - (least[index] ?? 0)
  const byWant = [...columns.keys()].sort((a, b) => wants(a) - wants(b))
  for (const [place, index] of byWant.entries()) {
    const more = Math.min(wants(index), Math.floor(spare / (byWant.length - place)))
    narrow[index] = (least[index] ?? 0) + more
    spare -= more
  }
  return narrow
}

const wrapped = (columns: ReadonlyArray<Column>, widths: ReadonlyArray<number>, cells: Row): Lines => {
  const broken = columns.map((_, index) => wrap(cells[index] ?? "", widths[index] ?? 0, "cut"))
  const height = most(broken.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    beside(
      columns,
      widths,
      broken.map((lines) => lines[line] ?? "")
    )
  )
}

/** Of any number of them: arguments of Math.max are limited. */
const most = (numbers: ReadonlyArray<number>): number => numbers.reduce((max, number) => Math.max(max, number), 0)
