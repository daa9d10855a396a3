/** JSONL: one entry a line (EntryFields.ts) and nothing else; empty lines are skipped. */

import { readEntry } from "./EntryFields.ts"
import { type HistoryParser, type Parsed, problem } from "./HistoryParser.ts"
import { type ByteText, parseLines } from "./Lines.ts"

export const parseJsonLines = (): HistoryParser => {
  const take = (line: ByteText, number: number, out: Array<Parsed>) => {
    if (/\S/.test(line)) out.push(readJson(utf8(line), number))
  }
  return parseLines({
    line: take,
    interrupt: () => undefined,
    begins: (line) => line.startsWith("{"),
    end: (rest, number, out) => {
      if (rest !== null) take(rest, number, out)
    }
  })
}

const NON_ASCII = /[\x80-\xff]/

const utf8 = (bytes: ByteText): string =>
  NON_ASCII.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes

export const readJson = (text: string, line: number): Parsed => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return problem(line, "not JSON")
  }
  return readEntry(value, line)
}
