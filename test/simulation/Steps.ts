/** What a schedule is made of: which step comes when, on which machine, and what goes wrong with it. Pure: a seed in, steps out. */

import { faultsOf, type RequestFault, type StoreFault } from "./Faults.ts"
import { Random } from "./Random.ts"
import type { Circumstances } from "./World.ts"

export type Command =
  | "record"
  | "import"
  | "finish"
  | "forget"
  | "push"
  | "pull"
  | "sync"
  | "push --force"
  | "pull --force"
  | "reset"
  | "init"
  | "rotate"
  | "passphrase"
  | "retire"
  | "verify --repair"

export type Event = "clone" | "backup" | "restore" | "clockForward" | "clockBack" | "wait" | "damage"

export interface Step {
  readonly number: number
  readonly kind: Command | Event
  /** Of as many machines as there are then. */
  readonly machine: number
  /** Seconds that pass before it. */
  readonly pause: number
  /** What it does in detail is drawn from its own numbers, so that leaving out another step changes none of it. */
  readonly seed: string
  /** By number of the request; 0: whichever first writes a manifest. */
  readonly faults: ReadonlyArray<readonly [number, RequestFault]>
  /** Point at which the process is killed; 0: not; −1: when a manifest has been written, before it hears of that. */
  readonly killedAt: number
  /** It does not wait until the machine is at rest. */
  readonly together: boolean
  /** Of damage. */
  readonly damage: StoreFault | null
}

export const STEPS = 40

const WEIGHTS: Readonly<Record<Command | Event, number>> = {
  record: 22,
  import: 6,
  finish: 5,
  forget: 7,
  push: 18,
  pull: 13,
  sync: 8,
  "push --force": 1.5,
  "pull --force": 1.5,
  reset: 1.5,
  init: 1.5,
  rotate: 1,
  passphrase: 0.5,
  retire: 1.2,
  "verify --repair": 1.5,
  clone: 1.5,
  backup: 2,
  restore: 1.5,
  clockForward: 1,
  clockBack: 1,
  wait: 3,
  damage: 0
}

export const circumstancesOf = (seed: string): Circumstances => {
  const random = new Random(`${seed} circumstances`)
  const honesty = random.weighted({ honest: 6, careless: 1.5, damaging: 2.5 })
  const conditions = random.weighted({ both: 7, unquoted: 1, ignored: 1, unsupported: 0.5 })
  return {
    honesty,
    devices: random.between(2, 4),
    conditions: {
      create: conditions === "ignored" || conditions === "unsupported" ? conditions : "honoured",
      ifMatch: conditions
    },
    encrypted: random.chance(0.8),
    retries: random.chance(0.3) ? 2 : 0,
    tuning: {
      inlineTail: random.pick([64, 400, 65_536]),
      lowestLevel: random.pick([300, 1_500, 524_288]),
      segmentSize: random.pick([1_200, 8_388_608])
    },
    copies: honesty === "honest" && random.chance(0.6)
  }
}

/**
 * vault.json is left alone by damage here, and a key is rotated by one device at a time where conditions are not honoured. What a device that was put
 * back had published under the old key alone is another question than what is asked of copies.
 */
const mayRekey = ({ conditions, copies, encrypted, honesty }: Circumstances): boolean =>
  encrypted && honesty === "honest" && conditions.create === "honoured" && !copies

/** A person retires a device that is not at work, from a store that says the truth. */
const mayRetire = ({ conditions, copies, honesty }: Circumstances): boolean =>
  honesty === "honest" && conditions.create === "honoured" && !copies

export const stepsOf = (seed: string, circumstances: Circumstances, count = STEPS): ReadonlyArray<Step> => {
  const random = new Random(`${seed} steps`)
  const { copies, honesty } = circumstances
  const weights = {
    ...WEIGHTS,
    ...(copies ? {} : { clone: honesty === "damaging" ? WEIGHTS.clone : 0, restore: 0, backup: 0 }),
    damage: honesty === "damaging" ? 10 : 0,
    ...(mayRekey(circumstances) ? {} : { rotate: 0, passphrase: 0 }),
    ...(mayRetire(circumstances) ? {} : { retire: 0 })
  }
  const requestFaults = [
    ...faultsOf("request", "honest"),
    ...(honesty === "honest" ? [] : [...faultsOf("request", honesty), ...faultsOf("request", honesty)])
  ]
  // What is put back is what promises are most easily broken by.
  const damages = [...faultsOf("store", "damaging"), "rolledBack", "rolledBack", "storeRestored"] as const
  const faulty = random.pick([0, 0.2, 0.5])
  const deadly = random.pick([0, 0.1, 0.3])
  return Array.from({ length: count }, (_, index): Step => {
    const kind = random.weighted(weights)
    const faults = random.chance(faulty)
      ? Array.from(
          { length: random.between(1, 3) },
          () => [random.chance(0.25) ? 0 : random.between(1, 7), random.pick(requestFaults)] as const
        )
      : []
    return {
      number: index + 1,
      kind,
      machine: random.below(60),
      pause: random.pick([1, 5, 60, 600]),
      seed: `${seed} step ${index + 1}`,
      faults,
      killedAt: random.chance(deadly) ? (random.chance(0.2) ? -1 : random.between(1, random.pick([6, 30]))) : 0,
      together: random.chance(0.3),
      damage: kind === "damage" ? random.pick(damages) : null
    }
  })
}
