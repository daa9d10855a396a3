/**
 * fish's history file (fish 3.6, verified against it). It looks like YAML and is not:
 *
 *     - cmd: echo one\necho two
 *       when: 1700000000
 *       paths:
 *         - some/file
 *
 * In a command `\n` is a newline and `\\` a backslash, decoded in one pass from the left (so `\\n` is a backslash and an n); a backslash before
 * anything else stands for itself. Bytes that are not UTF-8 stand in the file as they are. One space after the colon belongs to the format,
 * further ones to the command. `paths` (arguments that named files) is not kept, nor is any key that is not known.
 *
 * A line that was cut off (no newline at the end of the file) gives no command and no time, as in fish, unless its time is whole.
 */

import * as Instant from "../../domain/Instant.ts"
import { type HistoryParser, type Parsed, problem } from "./HistoryParser.ts"
import { type ByteText, parseLines, pushCommand } from "./Lines.ts"

export const parseFish = (): HistoryParser => {
  let open: { readonly line: number; readonly command: ByteText; start: number | null } | null = null

  const flush = (out: Array<Parsed>) => {
    if (open !== null) pushCommand(out, open.line, open.command, open.start, null)
    open = null
  }

  const take = (line: ByteText, number: number, out: Array<Parsed>) => {
    if (line.startsWith(COMMAND)) {
      flush(out)
      const from = line.charAt(COMMAND.length) === " " ? COMMAND.length + 1 : COMMAND.length
      open = { line: number, command: unescape(line.slice(from)), start: null }
      return
    }
    const when = open === null ? null : WHEN.exec(line)
    if (when !== null && open !== null) open.start = Instant.fromSeconds(Number(when[1]))
    else if (!INDENTED.test(line)) out.push(problem(number, "neither `- cmd:` nor something that belongs to one"))
  }

  return parseLines({
    line: take,
    interrupt: flush,
    begins: (line) => line.startsWith(COMMAND),
    end: (rest, number, out) => {
      if (rest !== null && !rest.startsWith(COMMAND) && !CUT_TIME.test(rest)) take(rest, number, out)
      else if (rest !== null) {
        if (!rest.startsWith(COMMAND)) open = null
        out.push(problem(number, "the file ends inside an entry"))
      }
      flush(out)
    }
  })
}

export const COMMAND = "- cmd:"

const WHEN = /^\s+when:\s*(\d{1,12})\s*$/
const INDENTED = /^(?:\s.*|)$/
const CUT_TIME = /^\s+when:\s*\d{0,9}$/

const unescape = (text: ByteText): ByteText =>
  text.includes("\\") ? text.replace(/\\([\\n])/g, (_, escaped) => (escaped === "n" ? "\n" : "\\")) : text
