/**
 * npm run bench: the measures of hx as one table, each against something simpler that ran at the same time.
 *
 *     npm run bench -- [--sizes 10k,100k,1M] [--only start-up,main,find,stats,search,live,requests] [--rounds N] [--write]
 *
 * `--write` puts the table into docs/bench.md. Exits with 1 when a measure does not reach its goal.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { format } from "prettier"
import { measureFind } from "./Find.ts"
import { measureLifecycle } from "./Lifecycle.ts"
import { measureLiveEntries } from "./LiveEntries.ts"
import { dropProgram, stopAll, takeProgram } from "./Program.ts"
import { circumstances, toLine, toPage } from "./Report.ts"
import { measureRequests } from "./Requests.ts"
import type { Row } from "./Sample.ts"
import { measureSearch } from "./Search.ts"
import { measureStartUp } from "./StartUp.ts"
import { measureStats } from "./Stats.ts"
import { writeWorkload } from "./Workload.ts"

const PARTS = ["start-up", "requests", "main", "find", "stats", "search", "live"] as const
type Part = (typeof PARTS)[number]

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10k,100k" },
    only: { type: "string", default: PARTS.join(",") },
    rounds: { type: "string" },
    write: { type: "boolean", default: false }
  }
})

const parseSize = (text: string): number => {
  const [, digits, unit] = /^(\d+)([kM]?)$/.exec(text) ?? []
  if (digits === undefined) throw new Error(`--sizes: ${text} is no number of entries (10k, 1M)`)
  return Number(digits) * (unit === "M" ? 1_000_000 : unit === "k" ? 1_000 : 1)
}

const parsePart = (text: string): Part => {
  const part = PARTS.find((each) => each === text)
  if (part === undefined) throw new Error(`--only: there is no ${text}; there are ${PARTS.join(", ")}`)
  return part
}

/** More where they are cheap. */
const roundsFor = (size: number): number => Number(values.rounds ?? (size <= 20_000 ? 5 : size <= 200_000 ? 3 : 1))

const sizes = values.sizes.split(",").map(parseSize)
const only = new Set(values.only.split(",").map(parsePart))

const directory = mkdtempSync(join(tmpdir(), "hx-bench-"))
const cleanUp = () => {
  stopAll()
  dropProgram()
  rmSync(directory, { recursive: true, force: true })
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    cleanUp()
    process.exit(130)
  })
}

const rows: Array<Row> = []
const tell = (found: ReadonlyArray<Row>): void => {
  rows.push(...found)
  for (const row of found) console.log(`${toLine(row)}${row.met === false ? `\n      ${row.detail}` : ""}`)
}

const measureAll = async (): Promise<void> => {
  if (only.has("start-up")) tell(await measureStartUp(directory, 31))
  if (only.has("requests")) tell(await measureRequests(directory))
  for (const size of sizes) {
    if (["main", "find", "stats", "search"].some((part) => only.has(part as Part))) {
      const { device, rows: found } = await measureLifecycle(directory, writeWorkload(directory, size), roundsFor(size))
      if (only.has("main")) tell(found)
      if (only.has("find")) tell(await measureFind(directory, device, size, 3))
      if (only.has("stats")) tell(await measureStats(device, size))
      if (only.has("search")) tell(await measureSearch(device, size))
    }
    if (only.has("live")) tell(await measureLiveEntries(directory, size))
  }
}

for (const line of circumstances()) console.log(line)
console.log("")
try {
  takeProgram()
  await measureAll()
} finally {
  cleanUp()
}

const missed = rows.filter(({ met }) => met === false).length
const judged = rows.filter(({ met }) => met !== null).length
console.log(`\nbench: ${judged - missed} of ${judged} goals met`)
if (values.write) {
  const page = toPage(rows, ["npm run bench --", ...process.argv.slice(2)].join(" "))
  writeFileSync("docs/bench.md", await format(page, { parser: "markdown", printWidth: 120 }))
}
process.exitCode = missed === 0 ? 0 : 1
