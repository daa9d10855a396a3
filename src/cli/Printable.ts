/**
 * Text from history, made safe for a terminal. What is shown is what is there: whatever would steer the terminal, hide, or change the order of
 * what stands around it is written out instead.
 *
 *     newline                                              ⏎
 *     other C0 and C1 controls, DEL                        \x1b
 *     bidi controls, zero-width and other invisible ones   \u202e, \u{e0041}
 *     bytes that are not UTF-8 (RawText.ts)                \xff
 *
 * A backslash that was typed stays one: this is for reading, not for parsing. Letters, combining marks, emoji and private-use glyphs stay,
 * and so does the variation selector behind a pictograph; joiners between emoji are invisible and are written out.
 */

import * as RawText from "../domain/RawText.ts"

/** On one line. */
export const printable = (text: string): string => escapeAll(text, "⏎")

/** On as many lines as the text has. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** On one line and in at most this many cells; where it is longer, an ellipsis ends it. */
export const printableWithin = (text: string, cells: number): string => truncate(printable(text), cells)

/** The cells that printable text takes in a terminal. */
export const widthOf = (text: string): number => {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment)
  return width
}

/** At most this many cells of printable text, an ellipsis included where something is left out; characters are not cut apart. */
export const truncate = (text: string, cells: number): string => {
  if (cells < 1) return ""
  if (PLAIN.test(text)) return text.length <= cells ? text : `${text.slice(0, cells - 1)}…`
  let width = 0
  let cut = 0
  for (const { segment, index } of graphemesOf(text)) {
    width += graphemeWidth(segment)
    if (width > cells) return `${text.slice(0, cut)}…`
    if (width < cells) cut = index + segment.length
  }
  return text
}

/** The same from the other side: the end is what is left of it. The end of a path says more than its beginning. */
export const truncateStart = (text: string, cells: number): string => {
  if (cells < 1) return ""
  if (PLAIN.test(text)) return text.length <= cells ? text : `…${text.slice(text.length - cells + 1)}`
  const graphemes = Array.from(graphemesOf(text), ({ segment }) => segment)
  if (graphemes.reduce((sum, each) => sum + graphemeWidth(each), 0) <= cells) return text
  let [from, width] = [graphemes.length, 1]
  while (from > 0 && width + graphemeWidth(graphemes[from - 1]!) <= cells) width += graphemeWidth(graphemes[--from]!)
  return `…${graphemes.slice(from).join("")}`
}

/** Made when it is first needed: it loads Unicode's tables, which takes longer than most commands. */
let segmenter: Intl.Segmenter | undefined

const graphemesOf = (text: string): Iterable<Intl.SegmentData> => {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })
  return segmenter.segment(text)
}

const PLAIN = /^[\x20-\x7e]*$/

/** Controls, format characters, line separators, default-ignorable code points, and what stands for raw bytes; not the emoji selector. */
const HIDDEN =
  /(?<!\p{Extended_Pictographic})\ufe0f|(?!\ufe0f)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|[\u{10ff80}-\u{10ffff}]/gu

const escapeAll = (text: string, newline: string): string =>
  PLAIN.test(text) ? text : text.replace(HIDDEN, (hidden) => (hidden === "\n" ? newline : escapeOne(hidden)))

const escapeOne = (hidden: string): string => {
  const codePoint = hidden.codePointAt(0) ?? 0
  const byte = RawText.escapedByte(codePoint) ?? (codePoint < 0x100 ? codePoint : undefined)
  if (byte !== undefined) return `\\x${byte.toString(16).padStart(2, "0")}`
  return codePoint > 0xffff ? `\\u{${codePoint.toString(16)}}` : `\\u${codePoint.toString(16).padStart(4, "0")}`
}

const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}])/u

const COMBINING = /^[\p{Mn}\p{Me}]/u

/** One character as people see it: two cells for what East Asian width calls wide, none for a mark without a base. */
const graphemeWidth = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : COMBINING.test(grapheme) ? 0 : 1)
