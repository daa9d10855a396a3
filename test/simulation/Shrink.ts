/** Makes a schedule that fails smaller while it still fails in the same way: steps are left out, then what goes wrong with those that are left. */

import { type Outcome, play } from "./Schedule.ts"
import { circumstancesOf, type Step, stepsOf } from "./Steps.ts"

/** A part of a seed's schedule. */
export interface Part {
  readonly seed: string
  /** Numbers of the steps that are left. */
  readonly steps: ReadonlyArray<number>
  /** Of those, with which nothing goes wrong. */
  readonly calm: ReadonlyArray<number>
}

export interface Shrunk {
  readonly part: Part
  readonly outcome: Outcome
  readonly tries: number
}

export const wholeOf = (seed: string): Part => ({
  seed,
  steps: stepsOf(seed, circumstancesOf(seed)).map(({ number }) => number),
  calm: []
})

export const playPart = ({ calm, seed, steps }: Part): Promise<Outcome> => {
  const [kept, undisturbed] = [new Set(steps), new Set(calm)]
  const all = stepsOf(seed, circumstancesOf(seed)).filter(({ number }) => kept.has(number))
  const chosen = all.map((step): Step => (undisturbed.has(step.number) ? { ...step, faults: [], killedAt: 0 } : step))
  return play(seed, { steps: chosen })
}

export const shrink = async (seed: string, most = 300): Promise<Shrunk> => {
  let part = wholeOf(seed)
  let outcome = await playPart(part)
  const promise = outcome.violation?.promise
  let tries = 0
  const holds = async (smaller: Part): Promise<boolean> => {
    if (tries >= most) return false
    tries++
    const now = await playPart(smaller)
    if (now.violation === null || now.violation.promise !== promise) return false
    part = smaller
    outcome = now
    return true
  }
  for (let size = part.steps.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < part.steps.length;) {
      const steps = [...part.steps.slice(0, from), ...part.steps.slice(from + size)]
      if (!(await holds({ ...part, steps }))) from += size
    }
  }
  for (const number of part.steps) await holds({ ...part, calm: [...part.calm, number] })
  return { part, outcome, tries }
}

/** What plays it again. */
export const commandFor = ({ calm, seed, steps }: Part): string =>
  `npm run simulate -- --replay ${seed} --steps ${steps.join(",")}${calm.length === 0 ? "" : ` --calm ${calm.join(",")}`}`
