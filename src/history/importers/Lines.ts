/**
 * Lines of a byte stream, for the formats that are made of lines.
 *
 * A line is handed on as ByteText: a string with one character (U+0000..U+00FF) for each byte. Strings are what JavaScript engines search
 * and cut fastest, and nothing is decoded before it is known where a command begins and ends.
 *
 * A crash may leave blocks of zeros in a file that was just being written. No shell writes a NUL, so a line with one is a Problem; but where
 * a shell went on writing behind the zeros, what follows the last of them may be a whole line again: the format says.
 */

import * as RawText from "../../domain/RawText.ts"
import { type HistoryParser, MAX_COMMAND, MAX_LINE, type Parsed, problem } from "./HistoryParser.ts"

export type ByteText = string

export interface LineFormat {
  /** One line without its newline. */
  readonly line: (line: ByteText, number: number, out: Array<Parsed>) => void
  /** What follows cannot belong to what came before: lines were lost. Gives what is complete, drops what is not. */
  readonly interrupt: (out: Array<Parsed>) => void
  /** Whether an entry certainly begins with this line. */
  readonly begins: (line: ByteText) => boolean
  /** The file has ended; `rest` is what stands behind the last newline, null where nothing does. */
  readonly end: (rest: ByteText | null, number: number, out: Array<Parsed>) => void
}

export const parseLines = (format: LineFormat): HistoryParser => {
  let rest: ByteText = ""
  /** Whether `rest` may hold one: looking is cheap in a chunk, not in what has been put together from many. */
  let restMayHaveNul = false
  let number = 0
  let skipping = false

  const take = (line: ByteText, mayHaveNul: boolean, out: Array<Parsed>) => {
    number++
    if (line.length > MAX_LINE) return refuse("an endless line", out)
    if (!mayHaveNul || !line.includes("\0")) return format.line(line, number, out)
    refuse("NUL bytes, as a crash leaves them in a file", out)
    const tail = line.slice(line.lastIndexOf("\0") + 1)
    if (format.begins(tail)) format.line(tail, number, out)
  }

  const refuse = (why: string, out: Array<Parsed>) => {
    format.interrupt(out)
    out.push(problem(number, why))
  }

  /** The line at hand is beyond the limit already, and its end is not in sight. */
  const skipLine = (out: Array<Parsed>) => {
    take(rest, false, out)
    rest = ""
    skipping = true
  }

  return {
    push: (chunk) => {
      const out: Array<Parsed> = []
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const lines = bytes.toString("latin1").split("\n")
      const last = lines.length - 1
      if (skipping && last === 0) return out
      const mayHaveNul = restMayHaveNul || bytes.includes(0)
      if (!skipping) lines[0] = rest + (lines[0] ?? "")
      for (let index = skipping ? 1 : 0; index < last; index++) take(lines[index] ?? "", mayHaveNul, out)
      skipping = false
      rest = lines[last] ?? ""
      restMayHaveNul = mayHaveNul
      if (rest.length > MAX_LINE) skipLine(out)
      return out
    },
    end: () => {
      const out: Array<Parsed> = []
      if (rest.includes("\0")) {
        take(rest, true, out)
        rest = ""
      }
      format.end(rest === "" ? null : rest, number + 1, out)
      return out
    }
  }
}

const NON_ASCII = /[\x80-\xff]/

/** The RawText that bytes stand for. */
export const decode = (bytes: ByteText): string =>
  NON_ASCII.test(bytes) ? RawText.fromBytes(Buffer.from(bytes, "latin1")) : bytes

const VISIBLE = /\S/

/** Adds a command, unless there is nothing in it. */
export const pushCommand = (
  out: Array<Parsed>,
  line: number,
  bytes: ByteText,
  start: number | null,
  duration: number | null
): void => {
  if (!VISIBLE.test(bytes)) return
  if (bytes.length > MAX_COMMAND) out.push(problem(line, `a command of more than ${MAX_COMMAND / 1024 / 1024} MiB`))
  else if (bytes.includes("\0")) out.push(problem(line, "a NUL byte in the command"))
  else out.push({ kind: "command", line, command: decode(bytes), start, duration })
}
