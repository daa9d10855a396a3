/**
 * Plants one bug after the other (scripts/mutants/Table.ts) and lets the simulation look for it:
 *
 *   npm run mutants -- [--schedules N] [--minutes M] [--sample K --seed S] [--only TEXT] [--jobs J] [--resume] [--write]
 *
 * A bug is caught when a schedule breaks a promise, dies, or never ends, which none of the first schedules does without it: where one does, nothing is
 * judged, for it is the simulation or the machine that is broken. Every bug gets a few schedules before any gets many, so that what --minutes
 * leaves undone is the most of those that are hardest to catch. --sample takes K of those that docs/mutants.md says were caught early, drawn by --seed;
 * --only those whose file or words hold the text; --write keeps the list in docs/mutants.md, --resume goes on where that one ends.
 */

import { fork } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { type Mutant, MUTANTS } from "./mutants/Table.ts"
import { Random } from "../test/simulation/Random.ts"
import { bundlePlayer } from "./simulation/Bundle.ts"

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "10000" },
    minutes: { type: "string", default: "1e6" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    resume: { type: "boolean", default: false },
    write: { type: "boolean", default: false }
  }
})

/** A schedule that takes longer than this, in milliseconds, never ends. */
const ENDLESS = 120_000

/** Schedules that a bug gets at a time, one after the other. */
const HELPINGS = [6, 14, 40, 140, 800, 2_000, 10_000]

/** So many schedules are played without a bug before anything counts. */
const CONTROLS = 4

/** What the kept list says was caught within so many schedules counts as caught early. */
const EARLY = 40

const KEPT = "docs/mutants.md"

interface Verdict {
  readonly mutant: Mutant
  /** The seed that caught it; null: none of so many did. Schedules have the seeds 1, 2, … */
  readonly seed: number | null
  readonly how: string
  readonly schedules: number
}

const most = Number(values.schedules)
const until = performance.now() + Number(values.minutes) * 60_000
const bundles = resolve("node_modules/.cache/hx-mutants")
mkdirSync(bundles, { recursive: true })
const today = new Date().toISOString().slice(0, 10)
const all = chosen()
await control()
const verdicts = new Map<Mutant, Verdict>(values.resume ? all.flatMap(keptOf) : [])
for (const helping of HELPINGS) {
  const left = all.filter((mutant) => isOpen(verdicts.get(mutant)))
  const next = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      if (performance.now() < until) await serve(mutant, helping)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, next))
  if (values.write) writeFileSync(KEPT, page())
}
rmSync(bundles, { recursive: true, force: true })
const caught = [...verdicts.values()].filter(({ seed }) => seed !== null)
for (const mutant of all) {
  const verdict = verdicts.get(mutant)
  if (verdict?.seed == null) console.log(`NOT CAUGHT ${mutant.file}: ${mutant.what} (${missedWords(verdict)})`)
}
console.log(`${caught.length} of ${all.length} planted bugs were caught.`)
process.exitCode = caught.length === all.length ? 0 : 1

function chosen(): ReadonlyArray<Mutant> {
  const { only, sample } = values
  const named = only === undefined ? MUTANTS : MUTANTS.filter(({ file, what }) => `${file} ${what}`.includes(only))
  if (sample === undefined) return named
  const left = named.filter((mutant) => keptOf(mutant).some(([, { seed }]) => seed !== null && seed <= EARLY))
  const random = new Random(`sample ${values.seed}`)
  const drawn: Array<Mutant> = []
  while (drawn.length < Number(sample) && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn
}

/** What the kept list says of it. */
function keptOf(mutant: Mutant): ReadonlyArray<readonly [Mutant, Verdict]> {
  const rows = readFileSync(KEPT, "utf8")
    .split("\n")
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  const [, , , said = "", how = ""] = rows.find(([, , what]) => what === mutant.what) ?? []
  const missed = /^not caught: (\d+) schedules/.exec(said)
  if (missed !== null) return [[mutant, { mutant, seed: null, how: "", schedules: Number(missed[1]) }]]
  const seed = /^\d+/.exec(said) === null ? null : Number.parseInt(said)
  return seed === null ? [] : [[mutant, { mutant, seed, how: how.replaceAll("\\|", "|"), schedules: seed }]]
}

function isOpen(verdict: Verdict | undefined): boolean {
  return verdict === undefined || (verdict.seed === null && verdict.how === "" && verdict.schedules < most)
}

/** Plays hx as it is. */
async function control(): Promise<void> {
  const outfile = join(bundles, `${process.pid}-control.mjs`)
  await bundlePlayer(outfile)
  const { how, seed } = await play(outfile, 1, CONTROLS)
  rmSync(outfile, { force: true })
  if (seed !== null || how !== "") throw new Error(`Without any bug the simulation breaks, seed ${seed ?? 1}: ${how}`)
}

async function serve(mutant: Mutant, helping: number): Promise<void> {
  const before = verdicts.get(mutant)?.schedules ?? 0
  const last = Math.min(most, before + helping)
  const verdict = await hunt(mutant, before + 1, last, join(bundles, `${process.pid}-${MUTANTS.indexOf(mutant)}.mjs`))
  verdicts.set(mutant, verdict)
  if (isOpen(verdict)) return
  const { how, seed } = verdict
  console.log(`${seed === null ? "NOT CAUGHT" : `seed ${seed}`.padEnd(10)} ${mutant.file}: ${mutant.what} (${how})`)
}

async function hunt(mutant: Mutant, first: number, last: number, outfile: string): Promise<Verdict> {
  if (!existsSync(outfile)) await bundlePlayer(outfile, mutant)
  const end = await play(outfile, first, last)
  if (end.how !== "") rmSync(outfile, { force: true })
  return { mutant, ...end }
}

/** Plays the schedules of a bundle until one breaks. */
async function play(outfile: string, first: number, last: number): Promise<Omit<Verdict, "mutant">> {
  const child = fork(outfile, ["--first", String(first), "--last", String(last)], {
    execArgv: ["--max-semi-space-size=64"],
    stdio: ["ignore", "ignore", "ignore", "ipc"]
  })
  return new Promise((done) => {
    let played = first - 1
    const over = (seed: number | null, how: string) => {
      clearTimeout(timer)
      child.removeAllListeners()
      child.kill("SIGKILL")
      done({ seed, how, schedules: played })
    }
    const late = () => over(++played, "it never ends")
    let timer = setTimeout(late, ENDLESS)
    child.on("message", ({ broken }: { readonly broken: string | null }) => {
      played++
      clearTimeout(timer)
      timer = setTimeout(late, ENDLESS)
      if (broken !== null) return over(played, broken.split("\n")[0]!.slice(0, 90))
      if (performance.now() > until) over(null, "")
    })
    // A program that cannot even begin says nothing of what the simulation sees; one that takes all memory there is does.
    child.on("exit", (_code, signal) => {
      if (signal !== null) over(++played, `it dies of ${signal}`)
      else over(null, played >= last ? "" : "it does not run")
    })
  })
}

function missedWords(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "not tried"
  return verdict.how === "" ? `${verdict.schedules} schedules` : verdict.how
}

function page(): string {
  const rows = all.map((mutant) => {
    const verdict = verdicts.get(mutant)
    const said = verdict?.seed == null ? [`not caught: ${missedWords(verdict)}`, ""] : [verdict.seed, verdict.how]
    return `| ${mutant.file} | ${mutant.what} | ${said[0]} | ${String(said[1]).replaceAll("|", "\\|")} |`
  })
  const count = [...verdicts.values()].filter(({ seed }) => seed !== null).length
  return [
    "# Planted bugs",
    "",
    `\`npm run mutants -- --write\`, ${today}: ${count} of ${all.length} single wrong edits were caught by the simulation`,
    "([docs/simulation.md](simulation.md)). Schedules are played in the order of their seeds, 1, 2, 3 …: the seed that caught a bug is also how many",
    "schedules that took. Where it says *not caught: 200 schedules*, 200 is all that were played, and more may catch it (`-- --resume --write` goes on).",
    "",
    "| File | What is wrong | Seed | How it shows |",
    "| --- | --- | --- | --- |",
    ...rows,
    ""
  ].join("\n")
}
