/**
 * zsh's history file, as zsh 5.9 writes and reads it (verified against it; Src/hist.c, savehistfile and readhistline).
 *
 *     : 1700000000:5;make test        EXTENDED_HISTORY: start in seconds, elapsed seconds
 *     make test                       plain; a command that begins with ":" has a backslash before it
 *
 * - A newline inside a command is written as backslash newline: a line that ends in a backslash goes on, with a newline for the backslash.
 * - So that a command that ends in a backslash (and spaces) does not seem to go on, zsh adds one space behind it, on the last line only.
 *   Reading takes that one space away again.
 * - zsh metafies: NUL and the bytes 0x83..0xA2 are written as 0x83 and the byte with bit 5 flipped. Files written by other programs are
 *   not metafied; a command with a byte or a pair that zsh never writes is taken as it is.
 * - Nothing else is escaped: not carriage returns, not tabs. Empty lines are skipped.
 * - Elapsed 0 is what zsh writes when it does not know (INC_APPEND_HISTORY, SHARE_HISTORY) as well as for less than a second: null.
 * - Time 0 is what zsh writes for commands that it read from a plain file: null.
 * - A file that ends in a backslash and a newline ends inside a command: zsh drops that command, here it is a Problem.
 */

import * as Instant from "../../domain/Instant.ts"
import { type HistoryParser, MAX_COMMAND, type Parsed, problem } from "./HistoryParser.ts"
import { type ByteText, parseLines, pushCommand } from "./Lines.ts"

export const parseZsh = (): HistoryParser => {
  /** The lines of a command that goes on, each with its final newline; and what they hold together. */
  let open: Array<ByteText> = []
  let openAt = 0
  let openSize = 0

  const abandon = (why: string, out: Array<Parsed>) => {
    if (open.length > 0) out.push(problem(openAt, why))
    open = []
    openSize = 0
  }

  const finish = (last: ByteText, number: number, out: Array<Parsed>) => {
    const line = open.length === 0 ? number : openAt
    const text = unprotect(open.length === 0 ? last : open.join("") + last)
    open = []
    openSize = 0
    takeEntry(text, line, out)
  }

  return parseLines({
    line: (line, number, out) => {
      if (!line.endsWith("\\")) return finish(line, number, out)
      if (open.length === 0) openAt = number
      // Far beyond the limit no more is kept; what is kept is then too long for pushCommand, which says so.
      if (openSize < 2 * MAX_COMMAND) open.push(`${line.slice(0, -1)}\n`)
      openSize += line.length
    },
    interrupt: (out) => abandon("the command breaks off", out),
    begins: (line) => EXTENDED.test(line),
    end: (rest, number, out) => {
      if (rest !== null) finish(rest, number, out)
      else abandon("the file ends inside a command", out)
    }
  })
}

/** Whether a line is one of EXTENDED_HISTORY's. */
export const EXTENDED = /^: {0,10}(-?\d{1,12}):(-?\d{1,12});/

const PROTECTED = /\\ +$/

const unprotect = (text: ByteText): ByteText => (text.endsWith(" ") && PROTECTED.test(text) ? text.slice(0, -1) : text)

const takeEntry = (text: ByteText, line: number, out: Array<Parsed>) => {
  const header = text.startsWith(":") ? EXTENDED.exec(text) : null
  if (header === null)
    return pushCommand(out, line, unmetafy(text.startsWith("\\:") ? text.slice(1) : text), null, null)
  const elapsed = Number(header[2])
  pushCommand(
    out,
    line,
    unmetafy(text.slice(header[0].length)),
    Instant.fromSeconds(Number(header[1])),
    elapsed > 0 && elapsed <= MAX_ELAPSED ? elapsed * Instant.SECOND : null
  )
}

/** Longer than this (ten years, in seconds) nothing ran: a clock was set. */
const MAX_ELAPSED = 315_360_000

const META = "\x83"
const PAIR = /\x83([^])/g
/** 0x84..0x9B are written as pairs by every zsh, and only 0x20, 0x80..0x82 and 0xA3..0xBF stand second in a pair. */
const NOT_METAFIED = /[\x84-\x9b]|\x83(?![\x20\x80-\x82\xa3-\xbf])/

const unmetafy = (text: ByteText): ByteText =>
  !text.includes(META) || NOT_METAFIED.test(text)
    ? text
    : text.replace(PAIR, (_, second: string) => String.fromCharCode(second.charCodeAt(0) ^ 0x20))
