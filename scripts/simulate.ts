/**
 * Plays simulated schedules (test/simulation):
 *
 *   npm run simulate -- [--schedules N] [--seed S] [--jobs J] [--minutes M]
 *   npm run simulate -- --replay SEED [--steps 3,4,9] [--calm 4]
 *
 * Schedules have the seeds S, S + 1, …: N of them, as many as there is time for with --minutes, and with both whichever is less. The first that breaks
 * a promise is made smaller and shown; --replay shows all that happens in one.
 */

import { fork, spawnSync } from "node:child_process"
import { mkdirSync, rmSync } from "node:fs"
import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { FAULTS, type FaultName } from "../test/simulation/Faults.ts"
import { bundlePlayer } from "./simulation/Bundle.ts"
import type { Played } from "./simulation/Player.ts"

const { values } = parseArgs({
  options: {
    schedules: { type: "string" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string" },
    replay: { type: "string" },
    steps: { type: "string" },
    calm: { type: "string" }
  }
})

const player = resolve(`node_modules/.cache/hx-scripts/player-${process.pid}.mjs`)
mkdirSync(resolve(player, ".."), { recursive: true })
await bundlePlayer(player)
process.exitCode = values.replay === undefined ? await simulate() : replay(values.replay)
rmSync(player, { force: true })

function replay(seed: string): number {
  const words = [values.steps, values.calm].flatMap((each, index) =>
    each === undefined ? [] : [["--steps", "--calm"][index]!, each]
  )
  return alone(["--replay", seed, ...words])
}

function alone(words: ReadonlyArray<string>): number {
  return spawnSync(process.execPath, ["--enable-source-maps", player, ...words], { stdio: "inherit" }).status ?? 1
}

async function simulate(): Promise<number> {
  const began = performance.now()
  const happened = new Map<FaultName, number>()
  const first = Number(values.seed)
  const count = Number(values.schedules ?? (values.minutes === undefined ? 1000 : 1e9))
  const jobs = Math.max(1, Math.min(Number(values.jobs), count))
  let [done, turns] = [0, 0]
  let broken: Played | undefined
  let shown = began
  const line = () => {
    const seconds = (performance.now() - began) / 1000
    const faults = [...happened.values()].reduce((sum, each) => sum + each, 0)
    return `${done} schedules, ${turns} turns, ${faults} faults of ${happened.size} kinds, ${(done / seconds).toFixed(1)} schedules a second`
  }
  const workers = Array.from({ length: jobs }, (_, index) => {
    const words = ["--first", String(first + index), "--last", String(first + count - 1), "--stride", String(jobs)]
    const child = fork(player, words, { execArgv: ["--max-semi-space-size=64"] })
    child.on("message", (played: Played) => {
      done++
      turns += played.turns
      for (const [name, times] of played.happened) happened.set(name, times + (happened.get(name) ?? 0))
      // In a log, where a line cannot be written over, one a minute.
      if (process.stdout.isTTY) process.stdout.write(`\r${line()}`)
      else if (performance.now() - shown > 60_000) {
        shown = performance.now()
        console.log(line())
      }
      if (played.broken === null) return
      if (broken === undefined || Number(played.seed) < Number(broken.seed)) broken = played
      stop()
    })
    return child
  })
  const ended = Promise.all(workers.map((child) => new Promise<number | null>((over) => child.on("exit", over))))
  let stopped = false
  const stop = () => {
    stopped = true
    for (const child of workers) child.kill()
  }
  const timer = values.minutes === undefined ? undefined : setTimeout(stop, Number(values.minutes) * 60_000)
  const codes = await ended
  clearTimeout(timer)
  console.log(`${process.stdout.isTTY ? "\r" : ""}${line()}`)
  if (broken !== undefined) {
    console.log(`Seed ${broken.seed} breaks ${broken.broken}\nMaking it smaller …`)
    alone(["--shrink", broken.seed])
    return 1
  }
  if (!stopped && codes.some((code) => code !== 0)) {
    console.log("A process that played them died.")
    return 1
  }
  const never = Object.keys(FAULTS).filter((name) => !happened.has(name as FaultName))
  if (done >= 1000) console.log(never.length === 0 ? "Every kind of fault happened." : `Never: ${never.join(", ")}`)
  console.log("Every promise held.")
  return 0
}
