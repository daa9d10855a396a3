/**
 * Plants one bug after the other (scripts/mutants/Table.ts) and lets the simulation look for it:
 *
 *   npm run mutants -- [--schedules N] [--sample K] [--only TEXT] [--jobs J] [--write]
 *
 * A bug is caught when a schedule breaks a promise, dies, or never ends. --sample takes K of them, others every day; --only those whose file or
 * words hold the text; --write keeps the list in docs/mutants.md.
 */

import { fork } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { type Mutant, MUTANTS } from "./mutants/Table.ts"
import { bundlePlayer } from "./simulation/Bundle.ts"

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "10000" },
    sample: { type: "string" },
    only: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    write: { type: "boolean", default: false }
  }
})

/** A schedule that takes longer than this, in milliseconds, never ends. */
const ENDLESS = 120_000

interface Verdict {
  readonly mutant: Mutant
  /** The seed that caught it; null: none of so many did. */
  readonly seed: string | null
  readonly how: string
  readonly schedules: number
}

const bundles = resolve("node_modules/.cache/hx-mutants")
mkdirSync(bundles, { recursive: true })
const today = new Date().toISOString().slice(0, 10)
const verdicts: Array<Verdict> = []
const left = chosen().map((mutant, index) => ({ mutant, index }))
const wanted = left.length
await Promise.all(Array.from({ length: Number(values.jobs) }, next))
rmSync(bundles, { recursive: true, force: true })
const missed = verdicts.filter(({ seed }) => seed === null)
if (values.write) writeFileSync("docs/mutants.md", page())
console.log(`${verdicts.length - missed.length} of ${wanted} planted bugs were caught.`)
process.exitCode = missed.length === 0 ? 0 : 1

/** With --sample, so many of them, beginning elsewhere every day. */
function chosen(): ReadonlyArray<Mutant> {
  const only = values.only
  const all = only === undefined ? MUTANTS : MUTANTS.filter(({ file, what }) => `${file} ${what}`.includes(only))
  if (values.sample === undefined) return all
  const days = Math.floor(Date.now() / 86_400_000)
  const count = Math.min(Number(values.sample), all.length)
  const step = Math.max(1, Math.floor(all.length / count))
  return Array.from({ length: count }, (_, index) => all[(days + index * step) % all.length]!)
}

async function next(): Promise<void> {
  for (let each = left.shift(); each !== undefined; each = left.shift()) {
    const verdict = await hunt(each.mutant, join(bundles, `${process.pid}-${each.index}.mjs`))
    verdicts.push(verdict)
    const { file, what } = verdict.mutant
    console.log(
      `${verdict.seed === null ? "NOT CAUGHT" : `seed ${verdict.seed}`.padEnd(10)} ${file}: ${what} (${verdict.how})`
    )
  }
}

async function hunt(mutant: Mutant, outfile: string): Promise<Verdict> {
  await bundlePlayer(outfile, mutant)
  const child = fork(outfile, ["--last", values.schedules], {
    execArgv: ["--max-semi-space-size=64"],
    stdio: ["ignore", "ignore", "ignore", "ipc"]
  })
  return new Promise((done) => {
    let played = 0
    const over = (how: string) => {
      clearTimeout(timer)
      child.removeAllListeners()
      child.kill("SIGKILL")
      rmSync(outfile, { force: true })
      done({ mutant, seed: String(played), how, schedules: played })
    }
    const late = () => {
      played++
      over("it never ends")
    }
    let timer = setTimeout(late, ENDLESS)
    child.on("message", ({ broken }: { readonly broken: string | null }) => {
      played++
      clearTimeout(timer)
      timer = setTimeout(late, ENDLESS)
      if (broken !== null) over(broken.split("\n")[0]!.slice(0, 90))
    })
    child.on("exit", () => {
      clearTimeout(timer)
      // A program that dies by itself, and not by a broken promise, says nothing of what the simulation sees.
      done({ mutant, seed: null, how: played >= Number(values.schedules) ? "" : "it does not run", schedules: played })
    })
  })
}

function page(): string {
  const rows = [...verdicts]
    .sort((a, b) => MUTANTS.indexOf(a.mutant) - MUTANTS.indexOf(b.mutant))
    .map(
      ({ how, mutant: { file, what }, seed }) =>
        `| ${file} | ${what} | ${seed ?? "not caught"} | ${how.replaceAll("|", "\\|")} |`
    )
  return [
    "# Planted bugs",
    "",
    `\`npm run mutants -- --write\`, ${today}: ${verdicts.length - missed.length} of ${verdicts.length} single wrong edits were caught by the simulation`,
    "(`test/simulation`), by the schedule with the seed named.",
    "",
    "| File | What is wrong | Seed | How it shows |",
    "| --- | --- | --- | --- |",
    ...rows,
    ""
  ].join("\n")
}
