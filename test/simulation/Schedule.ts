/** One schedule: a world made from its seed, its steps, and the end, when nothing goes wrong any more and everybody has to agree. */

import { Cause, Effect, Exit, Fiber, Logger, LogLevel, Random as Chance } from "effect"
import { identityOf } from "../../src/domain/Operation.ts"
import { makeMemoryBucket } from "../../src/store/MemoryObjectStore.ts"
import { agree } from "./Agreement.ts"
import { command, join, START } from "./Commands.ts"
import { damage } from "./Damage.ts"
import type { FaultName } from "./Faults.ts"
import { foreignObjects } from "./Foreign.ts"
import { entryIds, knowsRule } from "./LocalPromises.ts"
import { type Machine, makeMachine, on, replaceDisk, takeImage } from "./Machine.ts"
import { Model } from "./Model.ts"
import { Random } from "./Random.ts"
import { circumstancesOf, type Command, type Step, stepsOf } from "./Steps.ts"
import { Turnstile } from "./Turnstile.ts"
import { happens, Journal, note, violated, type Violation, type World } from "./World.ts"

export interface Outcome {
  readonly seed: string
  readonly violation: Violation | null
  readonly trace: ReadonlyArray<string>
  readonly happened: ReadonlyMap<FaultName, number>
  readonly turns: number
  readonly requests: number
}

export interface Chosen {
  /** Those of the seed, where none are named. */
  readonly steps?: ReadonlyArray<Step>
  readonly count?: number
}

export const play = async (seed: string, chosen: Chosen = {}): Promise<Outcome> => {
  const circumstances = circumstancesOf(seed)
  const world: World = {
    seed,
    circumstances,
    turnstile: new Turnstile(new Random(`${seed} turns`), START),
    bucket: { ...makeMemoryBucket(circumstances.conditions), objects: new Journal() },
    machines: [],
    foreign: await foreignObjects(),
    model: new Model(),
    vault: {
      id: "",
      key: null,
      epoch: 0,
      retired: new Set(),
      highest: new Map(),
      namedUntil: new Map(),
      written: new Map(),
      clocksJumped: false
    },
    trace: [],
    violations: [],
    happened: new Map(),
    late: []
  }
  const steps = chosen.steps ?? stepsOf(seed, circumstances, chosen.count)
  const exit = await world.turnstile.run(Effect.withRandom(quietly(life(world, steps)), Chance.make(seed)))
  if (Exit.isFailure(exit) && world.violations.length === 0)
    violated(world, 0, `the simulation died: ${Cause.pretty(exit.cause)}`)
  return {
    seed,
    violation: world.violations[0] ?? null,
    trace: world.trace,
    happened: world.happened,
    turns: world.turnstile.turns,
    requests: world.trace.filter((line) => line.includes(" sends ")).length
  }
}

/** What hx warns of is no news here. */
const quietly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.withTracerEnabled(false), Logger.withMinimumLogLevel(LogLevel.None))

const life = (world: World, steps: ReadonlyArray<Step>) =>
  Effect.gen(function* () {
    note(world, `seed ${world.seed}: ${JSON.stringify(world.circumstances)}`)
    yield* settle(world)
    const running: Array<readonly [Machine, Fiber.RuntimeFiber<void>]> = []
    for (const step of steps) {
      yield* world.turnstile.turn
      yield* arrive(world, world.turnstile.turns)
      if (world.violations.length > 0) break
      world.turnstile.advance(step.pause * 1000)
      const machine = world.machines[step.machine % world.machines.length]!
      const atRest = Effect.forEach(
        running.filter(([of]) => of === machine),
        ([, fiber]) => Fiber.await(fiber),
        { discard: true }
      )
      if (isCommand(step.kind)) {
        if (!step.together) yield* atRest
        running.push([machine, yield* Effect.fork(command(machine, step.kind, step))])
      } else {
        if (step.kind === "restore") yield* atRest
        yield* event(world, machine, step)
      }
    }
    yield* Effect.forEach(running, ([, fiber]) => Fiber.await(fiber), { discard: true })
    yield* Effect.forEach(running, ([, fiber]) => Fiber.join(fiber), { discard: true })
    yield* arrive(world, Infinity)
    if (world.violations.length === 0) yield* agree(world)
  }).pipe(
    Effect.ensuring(Effect.suspend(() => Effect.forEach(world.machines, ({ disk }) => disk.close, { discard: true })))
  )

const isCommand = (kind: Step["kind"]): kind is Command => !EVENTS.has(kind)

const EVENTS: ReadonlySet<Step["kind"]> = new Set([
  "clone",
  "backup",
  "restore",
  "clockForward",
  "clockBack",
  "wait",
  "damage"
])

/** The first device founds the vault, others join; some only later. */
const settle = (world: World) =>
  Effect.gen(function* () {
    const random = new Random(`${world.seed} settling`)
    for (let number = 0; number < world.circumstances.devices; number++) {
      const machine = yield* makeMachine(world, "ABCDEF"[number]!, null)
      world.machines.push(machine)
      if (number < 2 || random.chance(0.8)) yield* Effect.orDie(on(machine, join(machine)))
    }
  })

/** Requests that were on their way arrive. */
const arrive = (world: World, turns: number) =>
  Effect.suspend(() => {
    const due = world.late.filter(({ at }) => at <= turns)
    world.late.splice(0, world.late.length, ...world.late.filter(({ at }) => at > turns))
    return Effect.forEach(
      due,
      ({ arrive: effect }) =>
        Effect.zipRight(
          Effect.sync(() => happens(world, "delayed")),
          effect
        ),
      { discard: true }
    )
  })

const MOST_MACHINES = 6

const event = (world: World, machine: Machine, step: Step) =>
  Effect.gen(function* () {
    const random = new Random(step.seed)
    const told = (what: string) => note(world, `${step.number} ${machine.name}: ${what}`)
    switch (step.kind) {
      case "clone": {
        if (world.machines.length >= MOST_MACHINES) return
        const name = "ABCDEF"[world.machines.length]!
        told(`is copied: ${name}`)
        happens(world, "clone")
        const clone = yield* makeMachine(world, name, yield* takeImage(machine))
        clone.clockWrongBy = machine.clockWrongBy
        world.machines.push(clone)
        return
      }
      case "backup":
        told("makes a backup")
        machine.backup = yield* takeImage(machine)
        return
      case "restore":
        if (machine.backup === null) return
        told("is put back to its backup")
        happens(world, "backupRestored")
        yield* replaceDisk(machine, machine.backup)
        return yield* account(world)
      case "clockForward":
      case "clockBack": {
        const by = random.pick([1_000, 60_000, 3_600_000, 86_400_000 * 30, 86_400_000 * 700])
        machine.clockWrongBy += step.kind === "clockForward" ? by : -by
        world.vault.clocksJumped = true
        happens(world, step.kind)
        return told(`its clock is wrong by ${machine.clockWrongBy} ms`)
      }
      case "wait":
        world.turnstile.advance(random.pick([60, 1_800, 4_000, 90_000]) * 1000)
        return told("time passes")
      case "damage":
        if (step.damage !== null) yield* damage(world, step.damage, random)
    }
  })

/** What went with a disk: what no other disk and no manifest has. */
const account = (world: World) =>
  Effect.gen(function* () {
    const held = new Set<string>(world.model.published)
    for (const machine of world.machines) for (const id of yield* entryIds(machine)) held.add(id)
    for (const { rule } of world.model.rules) {
      for (const machine of world.machines)
        if (yield* knowsRule(machine, rule)) held.add(identityOf({ kind: "forget", rule }))
    }
    world.model.loses((identity) => held.has(identity))
  })
