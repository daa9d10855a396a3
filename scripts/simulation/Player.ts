/** Plays schedules in a process of its own; what for, its words say. scripts/simulate.ts and scripts/mutants.ts start it. */

import { parseArgs } from "node:util"
import type { FaultName } from "../../test/simulation/Faults.ts"
import { play } from "../../test/simulation/Schedule.ts"
import { commandFor, playPart, shrink, wholeOf } from "../../test/simulation/Shrink.ts"

/** What is said of each schedule. */
export interface Played {
  readonly seed: string
  readonly broken: string | null
  readonly turns: number
  readonly happened: ReadonlyArray<readonly [FaultName, number]>
}

const { values } = parseArgs({
  options: {
    first: { type: "string", default: "1" },
    last: { type: "string", default: "1" },
    stride: { type: "string", default: "1" },
    shrink: { type: "string" },
    replay: { type: "string" },
    steps: { type: "string" },
    calm: { type: "string" }
  }
})

if (values.replay !== undefined) await replay(values.replay)
else if (values.shrink !== undefined) await makeSmaller(values.shrink)
else await work()

async function work() {
  for (let seed = Number(values.first); seed <= Number(values.last); seed += Number(values.stride)) {
    const { broken, happened, turns } = await judged(String(seed))
    const played: Played = { seed: String(seed), broken, turns, happened: [...happened] }
    await new Promise<void>((resume) => process.send?.(played, () => resume()))
  }
  process.disconnect()
}

/** A simulation that dies breaks a promise, too. */
async function judged(seed: string) {
  try {
    const { happened, turns, violation } = await play(seed)
    return { happened, turns, broken: violation === null ? null : `promise ${violation.promise}: ${violation.what}` }
  } catch (error) {
    return { happened: [], turns: 0, broken: `promise 0: the simulation died: ${String(error)}` }
  }
}

async function replay(seed: string) {
  const whole = wholeOf(seed)
  const part = { ...whole, steps: numbers(values.steps) ?? whole.steps, calm: numbers(values.calm) ?? [] }
  const { trace, violation } = await playPart(part)
  console.log(trace.join("\n"))
  process.exitCode = violation === null ? 0 : 1
}

async function makeSmaller(seed: string) {
  const { outcome, part, tries } = await shrink(seed)
  console.log(outcome.trace.join("\n"))
  console.log(`\n${part.steps.length} steps are left, after ${tries} tries. Again:\n  ${commandFor(part)}`)
}

function numbers(text: string | undefined): ReadonlyArray<number> | undefined {
  return text?.split(",").filter(Boolean).map(Number)
}
