/**
 * Plays simulated schedules (test/simulation):
 *
 *   npm run simulate -- [--schedules N] [--seed S] [--jobs J] [--minutes M]
 *   npm run simulate -- --replay SEED [--steps 3,4,9] [--calm 4]
 *
 * Schedules have the seeds S, S + 1, …; with --minutes as many as there is time for. The first that breaks a promise is made smaller and shown; --replay
 * shows all that happens in one.
 */

import { fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { FAULTS, type FaultName } from "../test/simulation/Faults.ts"
import { play } from "../test/simulation/Schedule.ts"
import { commandFor, playPart, shrink, wholeOf } from "../test/simulation/Shrink.ts"

/** What a worker says of each schedule. */
interface Played {
  readonly seed: string
  readonly broken: string | null
  readonly turns: number
  readonly happened: ReadonlyArray<readonly [FaultName, number]>
}

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string" },
    replay: { type: "string" },
    steps: { type: "string" },
    calm: { type: "string" },
    worker: { type: "string" }
  }
})

const numbers = (text: string | undefined): ReadonlyArray<number> | undefined =>
  text?.split(",").filter(Boolean).map(Number)

if (values.worker !== undefined) await work(Number(values.worker))
else if (values.replay !== undefined) await replay(values.replay)
else await simulate()

/** Every so many-th seed from the first on, until told to stop. */
async function work(stride: number) {
  const last = Number(values.seed) + Number(values.schedules)
  for (let seed = Number(values.seed); seed < last; seed += stride) {
    const { happened, turns, violation } = await play(String(seed))
    const broken = violation === null ? null : `promise ${violation.promise}: ${violation.what}`
    const played: Played = { seed: String(seed), broken, turns, happened: [...happened] }
    if (process.send?.(played) === false) await new Promise((resume) => setImmediate(resume))
  }
  process.disconnect()
}

async function replay(seed: string) {
  const whole = wholeOf(seed)
  const part = { ...whole, steps: numbers(values.steps) ?? whole.steps, calm: numbers(values.calm) ?? [] }
  const { trace, violation } = await playPart(part)
  console.log(trace.join("\n"))
  process.exitCode = violation === null ? 0 : 1
}

async function simulate() {
  const began = performance.now()
  const happened = new Map<FaultName, number>()
  let [done, turns] = [0, 0]
  let broken: Played | undefined
  const wanted = values.minutes === undefined ? Number(values.schedules) : Infinity
  const count = values.minutes === undefined ? wanted : 1e9
  const line = () => {
    const seconds = (performance.now() - began) / 1000
    const faults = [...happened.values()].reduce((sum, each) => sum + each, 0)
    return `${done} schedules, ${turns} turns, ${faults} faults of ${happened.size} kinds, ${(done / seconds).toFixed(1)} schedules a second`
  }
  const show = () => void (process.stdout.isTTY && process.stdout.write(`\r${line()}`))
  const jobs = Math.max(1, Math.min(Number(values.jobs), count))
  const workers = Array.from({ length: jobs }, (_, index) => {
    const words = [
      "--worker",
      String(jobs),
      "--seed",
      String(Number(values.seed) + index),
      "--schedules",
      String(count - index)
    ]
    const child = fork(fileURLToPath(import.meta.url), words, {
      execArgv: ["--max-semi-space-size=64", "--enable-source-maps"]
    })
    child.on("message", (played: Played) => {
      done++
      turns += played.turns
      for (const [name, times] of played.happened) happened.set(name, times + (happened.get(name) ?? 0))
      if (done % 10 === 0) show()
      if (played.broken !== null) {
        if (broken === undefined || Number(played.seed) < Number(broken.seed)) broken = played
        stop()
      }
    })
    return child
  })
  const ended = Promise.all(workers.map((child) => new Promise<number | null>((resume) => child.on("exit", resume))))
  const stop = () => workers.forEach((child) => child.kill())
  const timer = values.minutes === undefined ? undefined : setTimeout(stop, Number(values.minutes) * 60_000)
  const codes = await ended
  clearTimeout(timer)
  if (process.stdout.isTTY) process.stdout.write("\r")
  console.log(line())
  if (broken === undefined) {
    const died = values.minutes === undefined && codes.some((code) => code !== 0)
    const never = (Object.keys(FAULTS) as ReadonlyArray<FaultName>).filter((name) => !happened.has(name))
    if (done >= 1000)
      console.log(never.length === 0 ? "Every kind of fault happened." : `Never happened: ${never.join(", ")}`)
    console.log(died ? "A worker died." : "Every promise held.")
    process.exitCode = died ? 1 : 0
    return
  }
  process.exitCode = 1
  console.log(`Seed ${broken.seed} breaks ${broken.broken}\nMaking it smaller …`)
  const { outcome, part, tries } = await shrink(broken.seed)
  console.log(
    `${outcome.trace.join("\n")}\n\n${part.steps.length} steps are left, after ${tries} tries. Again:\n  ${commandFor(part)}`
  )
}
