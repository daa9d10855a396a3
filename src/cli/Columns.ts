/** Names on the left and what they mean on the right, for help. */

import { cellsOf, wrap } from "./Wrapping.ts"

type Row = readonly [left: string, right: string]

/** Two columns, indented by two; where the right one would be narrow, it goes below the left one. */
export const columnsOf = (rows: ReadonlyArray<Row>, cells: number): ReadonlyArray<string> => {
  const width = Math.max(...rows.map(([left]) => cellsOf(left)))
  const room = cells - width - 4
  const beside = ([left, right]: Row): ReadonlyArray<string> =>
    wrap(right, room, "whole").map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`.trimEnd())
  const below = ([left, right]: Row): ReadonlyArray<string> => [
    ...wrap(left, cells - 2, "whole").map((line) => `  ${line}`),
    ...wrap(right, cells - 6, "whole").map((line) => `      ${line}`)
  ]
  return rows.flatMap(room < NARROWEST ? below : beside)
}

/** Cells of a column that can still be read. */
const NARROWEST = 34
