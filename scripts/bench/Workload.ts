/** The same history as a zsh history file and as JSON lines, for each size; from a seed, so that every run measures the same. */

import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { toIso } from "../../src/domain/Instant.ts"
import { generateHistory, type HistoryRecord } from "../generator/History.ts"
import { toZshExtended } from "../generator/HistoryText.ts"

export interface Workload {
  readonly count: number
  readonly zsh: string
  readonly jsonLines: string
}

export const SEED = 20

export const HOST = "bench-host"

export const writeWorkload = (directory: string, count: number): Workload => {
  const workload = {
    count,
    zsh: join(directory, `history-${count}`),
    jsonLines: join(directory, `history-${count}.jsonl`)
  }
  const [zsh, jsonLines] = [textFile(workload.zsh), textFile(workload.jsonLines)]
  for (const record of generateHistory({ seed: SEED, count })) {
    zsh.write(toZshExtended(record))
    jsonLines.write(toJsonLine(record))
  }
  zsh.end()
  jsonLines.end()
  return workload
}

/** What the history file tells, and no more: no ids, and no fields that are not known. */
const toJsonLine = ({ command, duration, start, user }: HistoryRecord): string => {
  const seconds = Math.floor(start / 1_000_000)
  return `${JSON.stringify({
    command,
    start: toIso(seconds * 1_000_000),
    duration: Math.floor(duration / 1_000_000),
    host: HOST,
    user,
    shell: "zsh",
    origin: "import:zsh"
  })}\n`
}

const textFile = (path: string) => {
  const handle = openSync(path, "w")
  let waiting = ""
  const flush = () => {
    writeSync(handle, waiting)
    waiting = ""
  }
  return {
    write: (text: string): void => {
      waiting += text
      if (waiting.length > 1_000_000) flush()
    },
    end: (): void => {
      flush()
      closeSync(handle)
    }
  }
}
