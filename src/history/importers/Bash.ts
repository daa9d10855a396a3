/**
 * bash's history file (bash 5.2 and readline 8.2's histfile.c, verified against them).
 *
 *     #1700000000         only where HISTTIMEFORMAT is set: the time, in seconds, of the command that follows
 *     make test
 *
 * Nothing is escaped, so the file does not say where a command of several lines ends, and bash itself loses some of it when it reads the
 * file. The rules here restore what was typed in as many cases as possible:
 *
 * - With times, a command reaches to the next time, empty lines inside it included (bash drops those). bash takes any "#" with a digit for
 *   a time; here only ten digits (2001 to 2286) are one, so that `#12345` in a here-document, or typed, stays what it is. `#0` is an unknown
 *   time: the exporter writes it, since bash has no other way to begin a command.
 * - Ten digits inside an open here-document are text if they lie before the command's own time (commands of a session follow each other)
 *   and the here-document is closed further down, before a time that does not.
 * - Before the first time each line is a command; but a here-document is one command if its end is found in the next lines, and no line
 *   before that opens a here-document with the same word (then the first was given up).
 * - Empty lines at the end are bash's own (it writes one after a here-document).
 * - If the first line ends in a carriage return the file has DOS line ends, and they are taken off, as bash does.
 */

import * as Instant from "../../domain/Instant.ts"
import * as HereDocs from "./HereDocs.ts"
import { type HistoryParser, MAX_COMMAND, type Parsed } from "./HistoryParser.ts"
import { type ByteText, parseLines, pushCommand } from "./Lines.ts"

export const parseBash = (): HistoryParser => {
  let dosLines = false
  /** Once a time has been seen, lines belong together until the next one. */
  let timed = false
  let command: Command = newCommand(0, null)
  /** Lines whose meaning depends on whether a here-document is closed further down. */
  let held: Held | null = null

  const flush = (out: Array<Parsed>) => {
    if (command.lines.length > 0) {
      pushCommand(out, command.line, command.lines.join("\n").replace(/\n+$/, ""), command.start, null)
    }
    command = newCommand(0, null)
  }

  const take = (line: ByteText, number: number, out: Array<Parsed>): void => {
    if (held !== null) return decide(held, line, number, out)
    const time = timeOf(line)
    if (time !== null) {
      const open = timed && isBefore(time, command.start) ? openIn(command.lines) : []
      if (open.length > 0) held = { lines: [line], line: number, size: line.length, open }
      else begin(time, number, out)
    } else if (timed) {
      if (command.lines.length === 0) command.line = number
      // Far beyond the limit no more is kept; what is kept is then too long for pushCommand, which says so.
      if (command.size < 2 * MAX_COMMAND) command.lines.push(line)
      command.size += line.length + 1
    } else {
      const open = HereDocs.openedBy(line)
      if (open.length > 0) held = { lines: [line], line: number, size: line.length, open }
      else pushCommand(out, number, line, null, null)
    }
  }

  const begin = (time: Time, number: number, out: Array<Parsed>) => {
    flush(out)
    timed = true
    command = newCommand(number + 1, time.start)
  }

  const decide = (waiting: Held, line: ByteText, number: number, out: Array<Parsed>): void => {
    const time = timeOf(line)
    const given =
      (time !== null && !isBefore(time, command.start)) ||
      waiting.lines.length >= MAX_HERE_DOCUMENT ||
      waiting.size > MAX_COMMAND ||
      HereDocs.openedBy(line).some((opened) => opened.delimiter === waiting.open[0]?.delimiter)
    if (given) {
      release(waiting, out)
      return take(line, number, out)
    }
    waiting.lines.push(line)
    waiting.size += line.length + 1
    waiting.open = HereDocs.after(waiting.open, line)
    if (waiting.open.length > 0) return
    held = null
    if (timed) command.lines.push(...waiting.lines)
    else pushCommand(out, waiting.line, waiting.lines.join("\n"), null, null)
  }

  /** The here-document is not closed: its first line stands alone, the others are read again. */
  const release = (waiting: Held, out: Array<Parsed>) => {
    held = null
    const [first = "", ...others] = waiting.lines
    const time = timeOf(first)
    if (time !== null) begin(time, waiting.line, out)
    else pushCommand(out, waiting.line, first, null, null)
    others.forEach((line, index) => take(line, waiting.line + 1 + index, out))
  }

  const settle = (out: Array<Parsed>) => {
    while (held !== null) release(held, out)
    flush(out)
  }

  return parseLines({
    line: (line, number, out) => {
      if (number === 1) dosLines = line.endsWith("\r")
      take(dosLines && line.endsWith("\r") ? line.slice(0, -1) : line, number, out)
    },
    interrupt: settle,
    begins: (line) => TIME.test(line),
    end: (rest, number, out) => {
      if (rest !== null) take(dosLines && rest.endsWith("\r") ? rest.slice(0, -1) : rest, number, out)
      settle(out)
    }
  })
}

/** A line that says when the next command ran. */
export const TIME = /^#([1-9]\d{9}|0)$/

/** How far the end of a here-document is looked for, in lines. */
const MAX_HERE_DOCUMENT = 500

interface Time {
  /** µs, null for `#0`. */
  readonly start: number | null
}

interface Command {
  line: number
  readonly start: number | null
  readonly lines: Array<ByteText>
  size: number
}

interface Held {
  readonly lines: Array<ByteText>
  readonly line: number
  size: number
  open: ReadonlyArray<HereDocs.HereDoc>
}

const newCommand = (line: number, start: number | null): Command => ({ line, start, lines: [], size: 0 })

const timeOf = (line: ByteText): Time | null => {
  const match = line.startsWith("#") ? TIME.exec(line) : null
  return match === null ? null : { start: Instant.fromSeconds(Number(match[1])) }
}

/** An unknown time is before nothing: it always begins a command. */
const isBefore = (time: Time, start: number | null): boolean =>
  start !== null && time.start !== null && time.start < start

const openIn = (lines: ReadonlyArray<ByteText>): ReadonlyArray<HereDocs.HereDoc> =>
  lines.reduce<ReadonlyArray<HereDocs.HereDoc>>(HereDocs.after, [])
