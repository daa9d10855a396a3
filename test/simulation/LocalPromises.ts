/** What is promised of a device, checked whenever a command has ended there, however it did. Numbers are those of sync.md §7. */

import { Effect, type Exit } from "effect"
import { rows, scalar } from "../../src/db/Connection.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"
import type { ForgetRule } from "../../src/domain/ForgetRule.ts"
import { everRetired } from "../../src/sync/Retirements.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { type Machine, on } from "./Machine.ts"
import { isConditional, standing } from "./StorePromises.ts"
import { short, violated } from "./World.ts"

export interface Ended {
  readonly command: string
  readonly exit: Exit.Exit<unknown, unknown>
  /** It may take back what was seen of others. */
  readonly forced: boolean
  /** Of a pull that reported no problem. */
  readonly clean: boolean
  /** How many changes the store had seen when it began. */
  readonly since: number
}

export const afterCommand = (machine: Machine, ended: Ended): Effect.Effect<void> =>
  Effect.gen(function* () {
    const entries = yield* entryIds(machine)
    yield* nothingLost(machine, ended, entries)
    yield* nothingReturns(machine, ended)
    machine.known = entries
    const former = machine.id
    yield* noForkForNothing(machine, ended)
    yield* nothingGoesBack(machine, ended, former)
  })

export const entryIds = (machine: Machine): Effect.Effect<ReadonlySet<EntryId>> =>
  idsFrom(machine, "SELECT lower(hex(id)) FROM entries")

const forgottenIds = (machine: Machine) => idsFrom(machine, "SELECT lower(hex(id)) FROM forgotten_ids")

const idsFrom = ({ disk }: Machine, query: string): Effect.Effect<ReadonlySet<EntryId>> =>
  rows<readonly [EntryId]>(disk.connection.sql.unsafe(query)).pipe(
    Effect.orDie,
    Effect.map((found) => new Set(found.map(([id]) => id)))
  )

/** Promise 1: what was in the database is there, or forgotten. */
const nothingLost = (machine: Machine, { command }: Ended, entries: ReadonlySet<string>) =>
  Effect.gen(function* () {
    const gone = [...machine.known].filter((id) => !entries.has(id))
    if (gone.length === 0) return
    const forgotten: ReadonlySet<string> = yield* forgottenIds(machine)
    for (const id of gone) {
      if (!forgotten.has(id)) violated(machine.world, 1, short(`${machine.name} lost ${id} during ${command}`))
    }
  })

/** Promise 4: no entry stands beside a rule that covers it. */
const nothingReturns = (machine: Machine, { command }: Ended) =>
  Effect.gen(function* () {
    const { sql } = machine.disk.connection
    const covered = yield* Effect.orDie(
      scalar<number>(sql`
        SELECT count(*) FROM entries e WHERE e.id IN (SELECT id FROM forgotten_ids) OR EXISTS (
          SELECT 1 FROM forget_windows w WHERE w.device = '' AND e.start BETWEEN w.first AND w.last
        )`)
    )
    if ((covered ?? 0) > 0) {
      violated(machine.world, 4, `${machine.name} has ${covered} entries again that are forgotten, after ${command}`)
    }
  })

/** Promise 7, the other way round: where nothing was ever copied, put back or retired, nobody takes a new id. */
const noForkForNothing = (machine: Machine, { command }: Ended) =>
  Effect.gen(function* () {
    const { world } = machine
    const before = machine.id
    machine.id = yield* Effect.orDie(machine.disk.db.device.id)
    const copied = world.happened.has("clone") || world.happened.has("backupRestored")
    if (before === null || before === machine.id || copied || world.vault.retired.has(before)) return
    if (world.circumstances.honesty === "honest" && isConditional(world)) {
      violated(world, 7, `${machine.name} took a new id on ${command}, though nobody else had its own`)
    }
  })

/** Promise 10: what is known of a log is never older than what was, nor than what others say of it. */
const nothingGoesBack = (machine: Machine, { clean, command, forced, since }: Ended, former: string | null) =>
  Effect.gen(function* () {
    const { world } = machine
    const peers = yield* Effect.orDie(on(machine, SyncState.allPeers))
    const self = yield* Effect.orDie(machine.disk.db.device.id)
    const seen = new Map([...peers].flatMap(([log, { copy, sequence }]) => (copy ? [] : [[log as string, sequence]])))
    if (!forced) {
      for (const [log, before] of machine.seen) {
        const now = seen.get(log)
        if (now !== undefined && now < before) {
          violated(world, 10, short(`${machine.name} took publication ${now} of ${log} after ${before}, on ${command}`))
        }
      }
    }
    const before = machine.seen
    machine.seen = seen
    if (!clean) return
    const retired = yield* Effect.orDie(on(machine, everRetired))
    const isStill = world.bucket.objects.changes.slice(since).every(({ name }) => !name.startsWith("manifests/"))
    if (isStill && !forced && world.circumstances.honesty !== "careless") {
      // What the store holds is what that pull was told.
      for (const { device, sequence } of yield* standing(world)) {
        if (device === self || retired.has(device) || world.vault.retired.has(device)) continue
        const was = Math.max(before.get(device) ?? 0, peers.get(device)?.sequence ?? 0)
        if (sequence >= was || (peers.get(device)?.forgiven ?? 0) >= was) continue
        violated(world, 10, short(`${machine.name} did not report that ${device} went back from ${was} to ${sequence}`))
      }
    }
    for (const peer of peers.values()) {
      for (const { device, sequence } of peer.seen) {
        const known = peers.get(device)
        // A log that was this machine's own when it pulled is read with the next pull.
        if (device === self || device === former || retired.has(device)) continue
        if (Math.max(known?.sequence ?? 0, known?.forgiven ?? 0) >= sequence) continue
        violated(world, 10, short(`${machine.name} did not report that ${device} went back behind ${sequence}`))
      }
    }
  })

/** Whether a machine knows all that a rule names. */
export const knowsRule = (machine: Machine, rule: ForgetRule): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { sql } = machine.disk.connection
    const lacking = yield* scalar<number>(sql`
      SELECT (SELECT count(*) FROM json_each(${JSON.stringify(rule.ids)}) WHERE unhex(value) NOT IN (SELECT id FROM forgotten_ids))
        + (SELECT count(*) FROM json_each(${JSON.stringify(rule.twins)}) WHERE unhex(value) NOT IN (SELECT key FROM forgotten_twins))
        + (SELECT count(*) FROM json_each(${JSON.stringify(rule.windows.map(({ device, from, to }) => [from, to, device ?? ""]))}) j
           WHERE NOT EXISTS (SELECT 1 FROM forget_windows w
             WHERE w.first = j.value ->> 0 AND w.last = j.value ->> 1 AND w.device = j.value ->> 2))`)
    return lacking === 0
  }).pipe(Effect.orDie)
