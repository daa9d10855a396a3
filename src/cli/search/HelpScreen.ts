/** The keys, as they are now, and what can be typed: what the screen shows when it is asked for help. */

import { type Piece, clip, piece } from "./Cells.ts"
import { type Action, type Keymap, keysOf } from "./Keymap.ts"

const TOLD: ReadonlyArray<readonly [Action, string]> = [
  ["accept", "take the command"],
  ["edit", "take it to the line, to change it"],
  ["cancel", "leave without"],
  ["scope", "the next scope"],
  ["everywhere", "everywhere"],
  ["host", "this host"],
  ["session", "this session"],
  ["directory", "this directory"],
  ["repository", "this repository"],
  ["ended", "all, failed, succeeded"],
  ["copy", "copy"],
  ["forget", "forget for good"],
  ["preview", "show more of it"],
  ["page-up", "a page up"],
  ["page-down", "a page down"]
]

const SYNTAX: ReadonlyArray<readonly [string, string]> = [
  ["git push", "both words"],
  ["'word", "as it stands"],
  ["^git", "begins with"],
  ["main$", "ends with"],
  ["!force", "is not in it"],
  ["/v\\d+/", "an expression"]
]

export const helpLines = (keymap: Keymap, columns: number): ReadonlyArray<ReadonlyArray<Piece>> => {
  const keys = TOLD.flatMap(([action, what]) => {
    const [key] = keysOf(keymap.insert, action)
    return key === undefined ? [] : [[key, what] as const]
  })
  const rows: ReadonlyArray<readonly [string, string]> = [...keys, ...SYNTAX]
  const across = Math.max(1, Math.min(3, Math.floor(columns / CELL)))
  const down = Math.ceil(rows.length / across)
  const cell = Math.floor(columns / across)
  return Array.from({ length: down }, (_, line) =>
    Array.from({ length: across }, (_, column) => rows[column * down + line]).flatMap((row) => {
      if (row === undefined) return []
      const pieces = clip([piece(` ${row[0].padEnd(KEY)} `, "key"), piece(row[1], "dim")], cell - 1)
      const width = pieces.reduce((sum, { text }) => sum + text.length, 0)
      return [...pieces, piece(" ".repeat(Math.max(0, cell - width)))]
    })
  )
}

const KEY = 10
const CELL = 38
