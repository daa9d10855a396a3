/** Breaks printable text, coloured or not, into lines that fit a terminal. */

import { stripVTControlCharacters } from "node:util"
import { widthOf } from "./Printable.ts"

/** The cells that text takes in a terminal; colours take none. */
export const cellsOf = (text: string): number => widthOf(text.includes(ESCAPE) ? stripVTControlCharacters(text) : text)

/** The cells of its widest word. */
export const widestWord = (text: string): number =>
  text.split(" ").reduce((most, word) => Math.max(most, cellsOf(word)), 0)

/**
 * Lines of at most so many cells, broken at blanks. A longer word is cut where its line ends, or stays whole where the line is the terminal's to break:
 * then it can still be copied in one piece. Colours begin and end with each line.
 */
export const wrap = (text: string, cells: number, longWords: "cut" | "whole"): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let width = 0
  for (const word of text.split(" ")) {
    const wide = cellsOf(word)
    const line = lines.at(-1)
    if (line !== undefined && width + 1 + wide <= cells) {
      lines[lines.length - 1] = `${line} ${word}`
      width += 1 + wide
      continue
    }
    // Blanks at which a line was broken.
    if (word === "" && line !== undefined) continue
    const pieces = longWords === "cut" && wide > cells ? cut(word, cells) : [word]
    lines.push(...pieces)
    width = cellsOf(pieces.at(-1) ?? "")
  }
  return recoloured(lines.map((line) => line.trimEnd()))
}

const ESCAPE = "\u001B"
const RESET = "\u001B[0m"
const COLOUR = /(\u001B\[[\d;]*m)/

/** Pieces of a word of at most so many cells; they end with punctuation, as names of files and variables have, where that leaves them half full. */
const cut = (word: string, cells: number): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let piece: Array<string> = []
  let width = 0
  for (const character of charactersOf(word)) {
    const wide = cellsOf(character)
    if (width > 0 && width + wide > cells) {
      const end = 1 + piece.findLastIndex((each) => /^[/_.,:;&?=-]$/.test(each))
      const at = end > piece.length / 2 ? end : piece.length
      pieces.push(piece.slice(0, at).join(""))
      piece = piece.slice(at)
      width = piece.reduce((sum, each) => sum + cellsOf(each), 0)
    }
    piece.push(character)
    width += wide
  }
  return [...pieces, piece.join("")]
}

/** As people see them: what belongs to one stays together. A colour is one too, of no width. */
const charactersOf = (text: string): ReadonlyArray<string> =>
  text
    .split(COLOUR)
    .flatMap((part) =>
      COLOUR.test(part)
        ? [part]
        : Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(part), ({ segment }) => segment)
    )

const recoloured = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  let colour = ""
  return lines.map((line) => {
    const begun = colour + line
    for (const [code = ""] of line.matchAll(new RegExp(COLOUR, "g"))) colour = code === RESET ? "" : code
    return colour === "" ? begun : begun + RESET
  })
}
