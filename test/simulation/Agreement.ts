/**
 * The end of a schedule: faults have stopped. Devices sync as they would day by day; where a message names a remedy, and only where something may need
 * one, it is applied. Then everybody knows the same: all that was acknowledged and is not forgotten, and nothing else. Promises 2, 3, 4, 8 and 12.
 */

import { Cause, Effect, Exit, Option } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { rows } from "../../src/db/Connection.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { plainKeyring } from "../../src/format/Keyring.ts"
import { openSegment, readOperations } from "../../src/sync/SegmentFetch.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { VaultSession } from "../../src/sync/VaultSession.ts"
import { isToldToJoin, problemsOf, run, type Said, syncing } from "./Commands.ts"
import { entryIds } from "./LocalPromises.ts"
import { type Machine, makeMachine, on } from "./Machine.ts"
import { shadowedAmong } from "./Model.ts"
import { isConditional, standing } from "./StorePromises.ts"
import { note, short, violated, type World } from "./World.ts"

/** So many times everybody pulls and pushes before it has to be over: what A tells may make B tell something, and that C. */
const ROUNDS = 4

export const agree = (world: World) =>
  Effect.gen(function* () {
    note(world, "faults have stopped")
    yield* bindAll(world)
    const mended = world.circumstances.honesty === "honest" && isConditional(world)
    if (!mended) yield* remedies(world)
    const failed = yield* rounds(world, ROUNDS)
    if (failed !== null) return violated(world, mended ? 2 : 8, `with no fault left, ${failed}`)
    if (yield* compare(world)) return
    if (yield* quiet(world)) return
    yield* nothingForgottenStands(world)
    yield* anew(world)
  })

/** A step without faults. */
const CALM = { number: 0, faults: [], killedAt: 0, seed: "calm" } as const

type Syncing = Parameters<typeof syncing>[1]

/** Who is told to join again, by a new key or under a new id, does so. */
const calmly = (machine: Machine, kind: Syncing): Effect.Effect<string | null> =>
  Effect.gen(function* () {
    const ask = run(machine, CALM, kind, syncing(machine, kind), { forced: kind.endsWith("--force") })
    const exit = yield* ask
    if (!isToldToJoin(exit)) return saidOf(exit)
    yield* run(machine, CALM, "init", syncing(machine, "init"), { forced: true })
    return saidOf(yield* ask)
  })

const saidOf = (exit: Said): string | null => (Exit.isSuccess(exit) ? problemWords(exit.value) : failureOf(exit))

const problemWords = (value: unknown): string | null => {
  const problems = problemsOf(value)
  return problems.length === 0 ? null : problems.map(({ detail, kind }) => `${kind}: ${detail}`).join("; ")
}

const failureOf = (exit: Said): string =>
  Exit.match(exit, {
    onSuccess: () => "",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), {
        onNone: () => Cause.pretty(cause),
        onSome: ({ _tag, message }) => `${_tag}: ${message}`
      })
  })

/** Who has no store (it was reset, or never joined) is given it. */
const bindAll = (world: World) =>
  Effect.forEach(world.machines, (machine) =>
    Effect.flatMap(Effect.orDie(on(machine, SyncState.binding.get)), (binding) =>
      Option.isSome(binding) ? Effect.void : calmly(machine, "init")
    )
  )

/**
 * What messages tell a person to do who finds that the store was damaged: the damaged object goes, every device publishes with --force, and reads
 * with --force.
 */
const remedies = (world: World) =>
  Effect.gen(function* () {
    removeDamaged(world)
    for (const kind of ["push --force", "pull --force"] as const) {
      for (const machine of world.machines) yield* calmly(machine, kind)
    }
  })

/** Objects that no device wrote like that, such as `hx sync verify` names; and copies beside manifests, which name what may be gone. */
const removeDamaged = (world: World) => {
  const { objects } = world.bucket
  for (const [name, { etag }] of [...objects]) {
    if (name === "vault.json" || !/\.(hxm|hxs)$/.test(name)) continue
    if (!(world.vault.written.get(name)?.has(etag) ?? false)) objects.delete(name)
  }
}

const rounds = (world: World, count: number) =>
  Effect.gen(function* () {
    for (let round = 1; ; round++) {
      const changes = world.bucket.objects.changes.length
      const reads = readsIn(world)
      let failure: string | null = null
      for (const machine of world.machines) {
        for (const kind of ["pull", "push"] as const) {
          const failed = yield* calmly(machine, kind)
          if (failed !== null) failure ??= short(`${machine.name}'s ${kind}: ${failed}`)
        }
      }
      const still = failure === null && world.bucket.objects.changes.length === changes && readsIn(world) === reads
      if (still || round === count || world.violations.length > 0) return failure
    }
  })

const readsIn = ({ trace }: World): number => trace.filter((line) => line.includes(": get ")).length

interface Shown {
  readonly entries: ReadonlyArray<Entry>
  readonly shadowed: ReadonlySet<string>
}

/** What a machine knows: entries with all fields but who captured them, and which of them are in the shadow of others. */
const shownBy = (machine: Machine): Effect.Effect<Shown> =>
  Effect.gen(function* () {
    const ids = [...(yield* entryIds(machine))].sort()
    const found = yield* on(
      machine,
      Effect.flatMap(HistoryDb, ({ history }) => history.entries(ids))
    )
    const entries = found
      .map(({ entry }) => ({ ...entry, device: "" as Entry["device"] }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    return { entries, shadowed: new Set(found.flatMap(({ entry, shadowed }) => (shadowed ? [entry.id] : []))) }
  }).pipe(Effect.orDie)

/** Promises 1, 2, 3, 4, 9. */
const compare = (world: World) =>
  Effect.gen(function* () {
    const before = world.violations.length
    const shown = yield* Effect.forEach(world.machines, shownBy)
    const [first] = shown
    const names = (index: number) => world.machines[index]!.name
    shown.forEach((each, index) => sameAs(world, first!, each, `${names(0)} and ${names(index)}`))
    const { may, must } = world.model.expected()
    const known = new Map(first!.entries.map((entry) => [entry.id, entry]))
    for (const [id, { body, told }] of must) {
      const entry = known.get(id)
      if (entry === undefined)
        violated(world, 1, short(`${id} (${body.command}) was acknowledged, and nobody knows it`))
      else if (told && world.circumstances.honesty === "honest" && bare(entry) !== bare(body)) {
        violated(world, 3, short(`of ${id} everybody knows ${bare(entry)} and not ${bare(body)}`))
      }
    }
    for (const entry of first!.entries) {
      if (must.has(entry.id) || may.has(entry.id)) continue
      const [promise, what] = world.model.entries.has(entry.id) ? [4, "was forgotten"] : [9, "was never recorded"]
      violated(world, promise as number, short(`${entry.id} (${entry.command}) ${what}, and everybody has it`))
    }
    const shadowed = shadowedAmong(first!.entries)
    for (const entry of first!.entries) {
      if (shadowed.has(entry.id) !== first!.shadowed.has(entry.id)) {
        violated(
          world,
          2,
          short(`${entry.id} (${entry.command}) is ${shadowed.has(entry.id) ? "not " : ""}in a shadow`)
        )
      }
    }
    return world.violations.length > before
  })

const bare = ({ device: _device, ordinal: _ordinal, ...fields }: Entry): string =>
  JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))

const sameAs = (world: World, a: Shown, b: Shown, who: string) => {
  if (JSON.stringify(a.entries) === JSON.stringify(b.entries)) {
    if (JSON.stringify([...a.shadowed].sort()) === JSON.stringify([...b.shadowed].sort())) return
    return violated(world, 2, `${who} show different entries`)
  }
  const [x, y] = [a, b].map(({ entries }) => new Map(entries.map((entry) => [entry.id, entry])))
  for (const id of new Set([...x!.keys(), ...y!.keys()])) {
    const [one, other] = [x!.get(id), y!.get(id)]
    if (one === undefined || other === undefined)
      return violated(world, 2, short(`${who}: only one has ${id} (${(one ?? other)!.command})`))
    if (JSON.stringify(one) !== JSON.stringify(other))
      return violated(world, 3, short(`${who} tell differently of ${id}: ${bare(one)} and ${bare(other)}`))
  }
}

/** Promise 8: with nothing new, nothing is asked but one list, and nothing changes. */
const quiet = (world: World) =>
  Effect.gen(function* () {
    const before = world.violations.length
    const changes = world.bucket.objects.changes.length
    for (const machine of world.machines) {
      for (const [kind, requests] of [
        ["push", 0],
        ["pull", 1]
      ] as const) {
        const from = world.trace.length
        const failed = yield* calmly(machine, kind)
        const asked = world.trace.slice(from).filter((line) => line.includes(" sends "))
        if (failed !== null) violated(world, 8, `${machine.name}: ${kind} once more: ${failed}`)
        if (asked.length !== requests)
          violated(
            world,
            8,
            `${machine.name}: ${kind} with nothing new asked ${asked.length} times: ${asked.join("; ")}`
          )
      }
    }
    if (world.bucket.objects.changes.length !== changes) violated(world, 8, "a push with nothing new changed the store")
    return world.violations.length > before
  })

/**
 * Promise 4, in the store: no log that somebody writes says anything of what is forgotten. A log that lost its writer, since a disk was put back and
 * went on under a new id, keeps what it had until `hx sync devices forget` retires it (test/sync/Retire.test.ts).
 */
const nothingForgottenStands = (world: World) =>
  Effect.gen(function* () {
    const [machine] = world.machines
    const { may, must } = world.model.expected()
    const writers = new Set(yield* Effect.forEach(world.machines, ({ disk }) => Effect.orDie(disk.db.device.id)))
    for (const manifest of yield* standing(world)) {
      if (!writers.has(manifest.device)) continue
      const keyring = [...machine!.disk.keys.values()][0] ?? plainKeyring(world.vault.id)
      const session = { keyring } as VaultSession["Type"]
      const pieces = yield* Effect.forEach(manifest.segments, (segment) => {
        const object = world.bucket.objects.get(`segments/${manifest.device}/${segment.id}.hxs`)
        return object === undefined
          ? Effect.succeed(null)
          : openSegment(manifest.device, segment, object.bytes).pipe(
              Effect.provideService(VaultSession, session),
              Effect.option,
              Effect.map(Option.getOrNull)
            )
      })
      const tail = yield* Effect.orDie(readOperations(manifest.tail, manifest.device))
      for (const operations of [...pieces, tail]) {
        for (const operation of operations ?? []) {
          if (operation.kind !== "add") continue
          const { command, id } = operation.entry
          if (!must.has(id) && !may.has(id))
            violated(world, 4, short(`${id} (${command}) is forgotten, and a manifest that stands holds it`))
        }
      }
    }
  })

/** Promise 12: a device that has nothing but the key learns the identical history. */
const anew = (world: World) =>
  Effect.gen(function* () {
    const fresh = yield* makeMachine(world, "new", null)
    const [first] = world.machines
    const expected = yield* shownBy(first!)
    world.machines.push(fresh)
    yield* calmly(fresh, "init")
    const failed = yield* calmly(fresh, "pull")
    if (failed !== null) return violated(world, 12, `a new device: ${failed}`)
    const before = world.violations.length
    sameAs(world, expected, yield* shownBy(fresh), `${first!.name} and a new device`)
    if (world.violations.length > before) return
    const counts = yield* Effect.forEach([first!, fresh], visibleOn)
    if (counts[0] !== counts[1]) violated(world, 12, "a new device shows another number of entries")
  })

const visibleOn = ({ disk }: Machine) =>
  Effect.map(
    Effect.orDie(rows<readonly [number]>(disk.connection.sql`SELECT count(*) FROM entries WHERE shadowed = 0`)),
    ([row]) => row?.[0]
  )
