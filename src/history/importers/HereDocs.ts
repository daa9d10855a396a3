/**
 * Which here-documents are open after some lines of shell text. A sketch of the shell's grammar, enough for what people type: `<<WORD`,
 * `<<-WORD` and `<<'WORD'` in any number; not `<<<`; nothing inside single or double quotes, nor in a comment.
 */

import type { ByteText } from "./Lines.ts"

export interface HereDoc {
  readonly delimiter: ByteText
  /** `<<-`: leading tabs do not count. */
  readonly indented: boolean
}

/** The here-documents that are open after this line, given those open before it. */
export const after = (open: ReadonlyArray<HereDoc>, line: ByteText): ReadonlyArray<HereDoc> => {
  const [first] = open
  if (first === undefined) return openedBy(line)
  return closes(first, line) ? open.slice(1) : open
}

/** The here-documents that a line of commands opens, in order. */
export const openedBy = (line: ByteText): ReadonlyArray<HereDoc> => {
  if (!line.includes("<<")) return []
  const opened: Array<HereDoc> = []
  for (const match of line.matchAll(TOKEN)) {
    const { dash, word } = match.groups ?? {}
    if (match[0].startsWith("#")) break
    if (word !== undefined) opened.push({ delimiter: word.replace(/["'\\]/g, ""), indented: dash === "-" })
  }
  return opened
}

const closes = (hereDoc: HereDoc, line: ByteText): boolean =>
  (hereDoc.indented ? line.replace(/^\t+/, "") : line) === hereDoc.delimiter

/** In the order tried: an escaped character, a quoted string, a comment, a here-string, a here-document. */
const TOKEN =
  /\\.|'[^']*'|"(?:[^"\\]|\\.)*"|(?<=^|[\s;&|(])#|<<<|<<(?<dash>-?)[ \t]*(?<word>(?:\\?[\w.!@%+-]|'[\w.!@%+ -]+'|"[\w.!@%+ -]+")+)/g
