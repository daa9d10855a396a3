/** What there is to know about a hit: when, how long, how it ended, where; and the command itself, on as many lines as it has. */

import type { Details } from "../../db/SearchSource.ts"
import type { Hit } from "../../history/search/SearchEngine.ts"
import { printable, truncate, widthOf } from "../Printable.ts"
import { durationText, momentText } from "../Units.ts"
import { type Piece, piece } from "./Cells.ts"
import type { Surroundings } from "./View.ts"

export const aboutLine = (
  details: Details | undefined,
  hit: Hit,
  { columns, glyphs, home }: Surroundings
): ReadonlyArray<Piece> => {
  if (details === undefined) return [piece("forgotten meanwhile", "dim")]
  const { cwd, duration, exit, host, start } = details
  const parts: Array<Piece> = [
    piece(start === null ? "no time known" : momentText(start).slice(0, columns < 60 ? 16 : 19), "plain"),
    ...(exit === null ? [] : [exit === 0 ? piece("exit 0", "good") : piece(`exit ${exit}`, "bad")]),
    ...(duration === null ? [] : [piece(durationText(duration))]),
    ...(cwd === null ? [] : [piece(endOf(printable(tilde(cwd, home)), Math.floor(columns / 2.5)))]),
    ...(host === null ? [] : [piece(printable(host), "dim")]),
    ...(hit.count > 1 ? [piece(`${glyphs.times}${hit.count}`, "dim")] : [])
  ]
  return parts.flatMap((each, index) => (index === 0 ? [each] : [piece(glyphs.dot, "dim"), each]))
}

const tilde = (path: string, home: string): string =>
  path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path

/** The end of a path says more than its beginning. */
const endOf = (path: string, cells: number): string => {
  if (widthOf(path) <= cells) return path
  const characters = Array.from(path)
  while (characters.length > 0 && widthOf(characters.join("")) >= cells) characters.shift()
  return `…${characters.join("")}`
}

/** The command's own lines, long ones broken, at most so many; what is left out is told. */
export const previewLines = (
  text: string,
  { columns }: Pick<Surroundings, "columns">,
  height: number
): ReadonlyArray<ReadonlyArray<Piece>> => {
  if (height < 1) return []
  const room = Math.max(1, columns - INDENT.length)
  const lines: Array<string> = []
  // No more of it is prepared than can be seen.
  const begin = text.slice(0, (height + 1) * room * 2)
  const own = begin.split("\n")
  for (const line of own) {
    lines.push(...broken(printable(line), room))
    if (lines.length > height) break
  }
  const seen = lines.slice(0, height)
  const hidden = lines.length > height || begin.length < text.length
  if (hidden && seen.length > 0) {
    const rest = text.split("\n").length
    const size = rest > 1 ? `${rest} lines, ${text.length} characters` : `${text.length} characters`
    const note = truncate(`… ${size}`, room)
    seen[seen.length - 1] = height > 1 ? note : seen[0]!
    return seen.map((line, index) => [piece(INDENT + line, index === seen.length - 1 && height > 1 ? "dim" : "plain")])
  }
  return seen.map((line) => [piece(INDENT + line)])
}

const INDENT = "  "

/** Lines of at most so many cells. */
const broken = (text: string, cells: number): ReadonlyArray<string> => {
  if (widthOf(text) <= cells) return [text]
  const lines: Array<string> = []
  let line = ""
  let width = 0
  for (const character of text) {
    const wide = widthOf(character)
    if (width + wide > cells && line !== "") {
      lines.push(line)
      line = ""
      width = 0
    }
    line += character
    width += wide
  }
  return [...lines, line]
}
