/** What the steps of a schedule do on a machine: hx's own code, as one process, with what the model of the world is told of it. */

import { Cause, Effect, Exit, Option, Redacted, type Scope, Stream } from "effect"
import { rows, scalar } from "../../src/db/Connection.ts"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { type EntryId, importedId, liveId } from "../../src/domain/EntryId.ts"
import { forget, planForget } from "../../src/history/Forget.ts"
import { importHistory } from "../../src/history/Import.ts"
import { underLock } from "../../src/sync/DeviceLock.ts"
import { init } from "../../src/sync/Init.ts"
import { reset } from "../../src/sync/Reset.ts"
import { runPassphrase, runPull, runPush, runRetire, runRetirePlan, runRotation, runSync } from "../../src/sync/Sync.ts"
import type { Problem } from "../../src/sync/SyncError.ts"
import { runVerify } from "../../src/sync/Verify.ts"
import { afterCommand, knowsRule } from "./LocalPromises.ts"
import { type Machine, on, type Services, STORE } from "./Machine.ts"
import { Random } from "./Random.ts"
import type { Command, Step } from "./Steps.ts"
import { CurrentProcess, happens, note, type Process, short, violated } from "./World.ts"

/** Runs a step's command as a process of its own. */
export const command = (machine: Machine, kind: Command, step: Step): Effect.Effect<void> => {
  const random = new Random(step.seed)
  switch (kind) {
    case "record":
      return recordStep(machine, step, random)
    case "import":
      return importStep(machine, step, random)
    case "finish":
      return finishStep(machine, step, random)
    case "forget":
      return forgetStep(machine, step, random)
    case "reset":
      return Effect.zipRight(
        run(machine, step, "reset", underLock(reset({ forgetKey: false })), { forced: true }),
        run(machine, step, "init", join(machine), { forced: true })
      )
    case "retire":
      return retireStep(machine, step, random)
    default:
      return Effect.gen(function* () {
        const forced = kind.endsWith("--force") || kind === "init"
        const exit = yield* run(machine, step, kind, syncing(machine, kind), { forced })
        // Some do what they are told at once, some later.
        if (isToldToJoin(exit) && random.chance(0.5)) yield* run(machine, step, "init", join(machine), { forced: true })
      })
  }
}

interface Failure {
  readonly _tag: string
  readonly message: string
}

export type Said = Exit.Exit<unknown, Failure>

/** By a new key, or under a new id. */
export const isToldToJoin = (exit: Said): boolean =>
  Exit.isFailure(exit) &&
  Option.exists(Cause.failureOption(exit.cause), ({ _tag }) => _tag === "VaultKeyRotated" || _tag === "DeviceRetired")

/** The commands that ask the store. */
export const syncing = (
  machine: Machine,
  kind: Exclude<Command, "record" | "import" | "finish" | "forget" | "reset" | "retire">
): Effect.Effect<unknown, Failure, Services | Scope.Scope> => {
  switch (kind) {
    case "push":
    case "push --force":
      return Effect.asVoid(runPush({ force: kind === "push --force" }))
    case "pull":
    case "pull --force":
      return Effect.map(runPull({ force: kind === "pull --force" }), ({ problems }) => ({ problems }))
    case "sync":
      return Effect.map(runSync, ({ pulled }) => ({ problems: pulled.problems }))
    case "init":
      return join(machine)
    case "rotate":
      return Effect.asVoid(runRotation)
    case "passphrase":
      return Effect.asVoid(runPassphrase(Redacted.make("a phrase that nobody guesses")))
    case "verify --repair":
      return Effect.asVoid(runVerify({ repair: true }))
  }
}

/** With the vault's key, as a person who has it would. */
export const join = (machine: Machine) =>
  Effect.suspend(() => {
    const { circumstances, vault } = machine.world
    const given = knowsNewestKey(machine) ? null : vault.key
    return underLock(
      init({
        url: { location: STORE, credentials: Option.none() },
        secrets: {
          key: Option.map(Option.fromNullable(given), (key) => ({ source: "a note", text: Redacted.make(key) })),
          passphrase: Option.none()
        },
        noEncrypt: !circumstances.encrypted,
        device: Option.none()
      })
    )
  }).pipe(
    Effect.tap((report) =>
      Effect.sync(() => {
        const { vault } = machine.world
        vault.id = report.vaultId
      })
    )
  )

const knowsNewestKey = ({ disk, world: { vault } }: Machine): boolean =>
  vault.key === null || [...disk.keys.values()].some(({ epoch }) => epoch >= vault.epoch)

/** Another device of this vault, by whatever id it has now; what it was under a former one would do as well. */
const retireStep = (machine: Machine, step: Step, random: Random) =>
  Effect.gen(function* () {
    const { machines, vault } = machine.world
    const others = machines.filter((each) => each !== machine)
    const device = yield* Effect.orDie(random.pick(others).disk.db.device.id)
    const done = Effect.flatMap(runRetirePlan(device), (plan) => {
      vault.retired.add(device)
      return runRetire(plan, { acceptLoss: false })
    })
    yield* run(machine, step, "retire", Effect.asVoid(done), { forced: true })
  })

/** A process: what goes wrong with it is its step's; what has to hold when it has ended, however it did, is looked at. */
export const run = <A, E extends Failure>(
  machine: Machine,
  step: Pick<Step, "number" | "faults" | "killedAt" | "seed">,
  name: string,
  effect: Effect.Effect<A, E, Services | Scope.Scope>,
  options: { readonly forced: boolean } = { forced: false }
): Effect.Effect<Exit.Exit<A, E>> =>
  Effect.gen(function* () {
    const { world } = machine
    const process: Process = {
      machine,
      command: name,
      alive: true,
      requests: 0,
      points: 0,
      faults: new Map(step.faults),
      killedAt: step.killedAt,
      random: new Random(`${step.seed} ${name}`),
      offline: false
    }
    if (machine.busy++ > 0) happens(world, "together")
    machine.forced ||= options.forced
    const since = world.bucket.objects.changes.length
    note(world, `${step.number} ${machine.name}: ${name}`)
    const exit = yield* Effect.exit(Effect.locally(on(machine, effect), CurrentProcess, process))
    machine.busy--
    note(world, `${step.number} ${machine.name}: ${name} ${process.alive ? wordsOf(exit) : "was killed"}`)
    if (Exit.isFailure(exit) && process.alive && Option.isNone(Cause.failureOption(exit.cause))) {
      violated(world, 0, `${machine.name}: ${name} died: ${short(Cause.pretty(exit.cause))}`)
    }
    if (machine.busy === 0) {
      const clean = Exit.isSuccess(exit) && /^(pull|sync)$/.test(name) && problemsOf(exit.value).length === 0
      yield* afterCommand(machine, { command: name, exit, forced: machine.forced, clean, since })
      machine.forced = false
    }
    return exit
  })

/** What a pull reported; nothing of any other command. */
export const problemsOf = (value: unknown): ReadonlyArray<Problem> => {
  const { problems } = (value ?? {}) as { readonly problems?: unknown }
  return Array.isArray(problems) ? problems : []
}

const wordsOf = (exit: Exit.Exit<unknown, { readonly _tag: string; readonly message: string }>): string => {
  if (Exit.isSuccess(exit)) {
    const problems = problemsOf(exit.value)
    return problems.length === 0
      ? "is done"
      : short(`is done; ${problems.map(({ detail, kind }) => `${kind}: ${detail}`).join("; ")}`)
  }
  const error = Option.getOrNull(Cause.failureOption(exit.cause))
  return error === null ? "died" : short(`failed: ${error._tag}: ${error.message}`)
}

const VOCABULARY = [
  "git status",
  "make test",
  "ls -l",
  "ssh build",
  "export TOKEN=secret",
  "vi notes",
  "psql main",
  "curl -s host"
]

const textFrom = (random: Random, number: number): string => {
  const text = `${random.pick(VOCABULARY)} ${random.chance(0.4) ? random.below(4) : number}`
  if (!random.chance(0.02)) return text
  return `${text} ${Array.from({ length: random.between(10, 60) }, () => random.next().toString(36).slice(2)).join(" ")}`
}

const UNKNOWN = { duration: null, exit: null, cwd: null, session: null, host: null, user: null, shell: null }

const micros = (machine: Machine): number => (machine.world.turnstile.now + machine.clockWrongBy) * 1000

const recordStep = (machine: Machine, step: Step, random: Random) =>
  Effect.gen(function* () {
    const device = yield* Effect.orDie(machine.disk.db.device.id)
    const session = machine.session
    const entries = Array.from({ length: random.between(1, 3) }, (_, index): Entry => {
      const start = micros(machine) + index * 1_700_000 + random.below(1_000_000)
      const counter = step.number * 10 + index
      const text = textFrom(random, counter)
      const ended = random.chance(0.5)
      return {
        ...UNKNOWN,
        id: liveId(session, counter, start, text),
        start,
        command: text,
        cwd: random.pick(["/", "/home", "/src", null]),
        session,
        host: "host",
        exit: ended ? random.below(2) : null,
        duration: ended ? random.below(1_000_000) : null,
        origin: "live",
        device,
        ordinal: counter
      }
    })
    yield* taken(
      machine,
      step,
      "record",
      entries,
      Effect.flatMap(HistoryDb, (db) => db.log.record(entries))
    )
  })

/** Files that several machines have, and lines that a shell wrote of what was captured live. */
const importStep = (machine: Machine, step: Step, random: Random) =>
  Effect.gen(function* () {
    const { world } = machine
    const device = yield* Effect.orDie(machine.disk.db.device.id)
    const entry = (second: number, text: string): Entry => ({
      ...UNKNOWN,
      id: importedId(second * 1_000_000, text, 0),
      start: second * 1_000_000,
      command: text,
      host: "host",
      origin: "import:zsh",
      device,
      ordinal: 0
    })
    const live = [...world.model.entries.values()].filter(({ body }) => body.origin === "live")
    const twins =
      live.length === 0 || random.chance(0.5)
        ? []
        : Array.from({ length: 3 }, () => random.pick(live).body).map(({ command, start }) =>
            entry(Math.floor(start! / 1e6), command)
          )
    const file = new Random(`${world.seed} file ${random.below(2)}`)
    const lines = Array.from({ length: random.between(2, 9) }, (_, index) =>
      entry(Math.floor(START / 1000) - 5_000 + index * 37, textFrom(file, index))
    )
    const entries = [...new Map([...lines, ...twins].map((each) => [each.id, each])).values()]
    const batches = Stream.make({ entries, problems: [] })
    yield* taken(machine, step, "import", entries, importHistory(batches, { dryRun: false }))
  })

/** Milliseconds. */
export const START = 1_763_900_000_000

/** What was taken in is known, however the process ended: the database tells. */
const taken = <E extends Failure>(
  machine: Machine,
  step: Step,
  name: string,
  entries: ReadonlyArray<Entry>,
  effect: Effect.Effect<{ readonly refused: number }, E, Services | Scope.Scope>
) =>
  Effect.gen(function* () {
    const { world } = machine
    const exit = yield* run(machine, step, name, effect)
    const { sql } = machine.disk.connection
    for (const entry of entries) {
      const seq = yield* Effect.orDie(scalar<number>(sql`SELECT seq FROM entries WHERE id = unhex(${entry.id})`))
      const own =
        seq === undefined
          ? undefined
          : yield* Effect.orDie(
              scalar<number>(sql`SELECT 1 FROM operations WHERE kind = 1 AND entry = ${seq} AND device IS NULL`)
            )
      if (seq !== undefined) world.model.record(entry, own !== undefined)
      else if (Exit.isSuccess(exit) && exit.value.refused === 0) {
        const gone = yield* Effect.orDie(scalar<number>(sql`SELECT 1 FROM forgotten_ids WHERE id = unhex(${entry.id})`))
        if (gone === undefined)
          violated(world, 1, short(`${machine.name} acknowledged ${entry.id} and does not have it`))
        else world.model.record(entry, true)
      }
    }
  })

const finishStep = (machine: Machine, step: Step, random: Random) =>
  Effect.gen(function* () {
    const { world } = machine
    const open = [...world.model.entries.values()].filter(({ body }) => body.origin === "live" && body.exit === null)
    if (open.length === 0) return
    const {
      body: { id }
    } = random.pick(open)
    const [code, duration] = [random.below(3), random.below(1_000_000)]
    const exit = yield* run(
      machine,
      step,
      "finish",
      Effect.flatMap(HistoryDb, (db) => db.log.finish(id, code, duration))
    )
    world.model.finish(id, code, duration, Exit.isSuccess(exit))
  })

const forgetStep = (machine: Machine, step: Step, random: Random) =>
  Effect.gen(function* () {
    const { world } = machine
    const { sql } = machine.disk.connection
    const found = yield* Effect.orDie(rows<readonly [EntryId]>(sql`SELECT lower(hex(id)) FROM entries ORDER BY id`))
    const way = random.weighted({ id: 4, match: 2, since: 2, recently: 1 })
    const now = micros(machine)
    const request = {
      ids: way === "id" && found.length > 0 ? [random.pick(found)[0]] : [],
      match: way === "match" || way === "recently" ? random.pick(["secret 1", "notes 2", "status 3", "l 0"]) : null,
      since: way === "since" || way === "recently" ? now - random.pick([30, 300, 3_000]) * 1_000_000 : null,
      allDevices: random.chance(0.5),
      now
    }
    const done = Effect.flatMap(planForget(request), (plan) => {
      rules = plan.rules
      return forget(plan)
    })
    let rules: Effect.Effect.Success<ReturnType<typeof planForget>>["rules"] = []
    const exit = yield* run(machine, step, "forget", done)
    if (Exit.isSuccess(exit)) return rules.forEach((rule) => world.model.forget(rule))
    // Killed after it was committed: the rules hold. Before: nobody knows of them.
    for (const rule of rules) if (yield* knowsRule(machine, rule)) world.model.forget(rule)
  })
