/** A line that is typed: its text, where the cursor stands in it, and what was cut last. Pure; characters are what people see as one. */

export interface Line {
  readonly text: string
  /** In UTF-16 code units, between characters. */
  readonly cursor: number
  /** What was cut last, to be put back. */
  readonly cut: string
}

export const emptyLine: Line = { text: "", cursor: 0, cut: "" }

export const lineOf = (text: string): Line => insert(emptyLine, text)

/** A line has no ends of lines in it, and nothing invisible that people would not know of: blanks stand for them. */
export const insert = (line: Line, text: string): Line => {
  const clean = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
  const { cursor } = line
  return {
    ...line,
    text: line.text.slice(0, cursor) + clean + line.text.slice(cursor),
    cursor: cursor + clean.length
  }
}

export type LineAction =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "home"
  | "end"
  | "delete-left"
  | "delete-right"
  | "cut-word-left"
  | "cut-word-right"
  | "cut-left"
  | "cut-right"
  | "cut-all"
  | "put-back"

export const edit = (line: Line, action: LineAction): Line => {
  const { cursor, text } = line
  switch (action) {
    case "left":
      return { ...line, cursor: before(text, cursor) }
    case "right":
      return { ...line, cursor: behind(text, cursor) }
    case "word-left":
      return { ...line, cursor: wordBefore(text, cursor) }
    case "word-right":
      return { ...line, cursor: wordBehind(text, cursor) }
    case "home":
      return { ...line, cursor: 0 }
    case "end":
      return { ...line, cursor: text.length }
    case "delete-left":
      return without(line, before(text, cursor), cursor, line.cut)
    case "delete-right":
      return without(line, cursor, behind(text, cursor), line.cut)
    case "cut-word-left":
      return without(line, blankBefore(text, cursor), cursor)
    case "cut-word-right":
      return without(line, cursor, wordBehind(text, cursor))
    case "cut-left":
      return without(line, 0, cursor)
    case "cut-right":
      return without(line, cursor, text.length)
    case "cut-all":
      return without(line, 0, text.length)
    case "put-back":
      return insert(line, line.cut)
  }
}

const without = (line: Line, from: number, to: number, cut?: string): Line => ({
  text: line.text.slice(0, from) + line.text.slice(to),
  cursor: from,
  cut: cut ?? (from === to ? line.cut : line.text.slice(from, to))
})

let segmenter: Intl.Segmenter | undefined

const before = (text: string, cursor: number): number => {
  if (cursor <= 1 || isPlain(text)) return Math.max(0, cursor - 1)
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })
  return segmenter.segment(text).containing(cursor - 1)?.index ?? 0
}

const behind = (text: string, cursor: number): number => {
  if (cursor >= text.length) return text.length
  if (isPlain(text)) return cursor + 1
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })
  const found = segmenter.segment(text).containing(cursor)
  return found === undefined ? text.length : found.index + found.segment.length
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const LETTER = /[\p{L}\p{N}\p{M}_]/u

const wordBefore = (text: string, cursor: number): number => {
  let at = cursor
  while (at > 0 && !LETTER.test(text[at - 1]!)) at--
  while (at > 0 && LETTER.test(text[at - 1]!)) at--
  return at
}

const wordBehind = (text: string, cursor: number): number => {
  let at = cursor
  while (at < text.length && !LETTER.test(text[at]!)) at++
  while (at < text.length && LETTER.test(text[at]!)) at++
  return at
}

/** As Ctrl-W has it in every shell: back to a blank. */
const blankBefore = (text: string, cursor: number): number => {
  let at = cursor
  while (at > 0 && text[at - 1] === " ") at--
  while (at > 0 && text[at - 1] !== " ") at--
  return at
}
