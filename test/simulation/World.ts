/** A simulated world: the store, its past, the devices, what has happened so far, and what is known to be true of it. */

import { Effect, FiberRef } from "effect"
import type { MemoryBucket, MemoryObject } from "../../src/store/MemoryObjectStore.ts"
import type { FaultName, RequestFault } from "./Faults.ts"
import type { Machine } from "./Machine.ts"
import type { Model } from "./Model.ts"
import { type Random } from "./Random.ts"
import { type Turnstile } from "./Turnstile.ts"

/** What is decided about a schedule before its first step. */
export interface Circumstances {
  readonly honesty: "honest" | "careless" | "damaging"
  readonly devices: number
  /** What the server does with conditions. */
  readonly conditions: MemoryBucket["conditions"]
  readonly encrypted: boolean
  /** How often a request is tried again. */
  readonly retries: number
  readonly tuning: { readonly inlineTail: number; readonly lowestLevel: number; readonly segmentSize: number }
  /** Whether machines are copied and put back; not beside damage, since then what is gone may be gone for good. */
  readonly copies: boolean
}

export interface World {
  readonly seed: string
  readonly circumstances: Circumstances
  readonly turnstile: Turnstile
  readonly bucket: MemoryBucket & { readonly objects: Journal }
  readonly machines: Array<Machine>
  /** Objects of another vault. */
  readonly foreign: ReadonlyArray<{ readonly name: string; readonly bytes: Uint8Array }>
  readonly model: Model
  readonly vault: {
    id: string
    /** What a device is given to join, and which of the vault's keys it is. */
    key: string | null
    epoch: number
    /** Devices that somebody has begun to retire. */
    readonly retired: Set<string>
    /** Highest publication of each device that ever stood. */
    readonly highest: Map<string, number>
    /** When a manifest that named a segment was last replaced. */
    readonly namedUntil: Map<string, number>
    /** ETags of what devices wrote, by name. */
    readonly written: Map<string, Set<string>>
    clocksJumped: boolean
  }
  /** One line for everything that happened. */
  readonly trace: Array<string>
  /** What was promised and did not hold; the first one ends the schedule. */
  readonly violations: Array<Violation>
  /** How often each kind of fault happened. */
  readonly happened: Map<FaultName, number>
  /** Requests that will take effect, though nobody waits for them any more. */
  readonly late: Array<Late>
}

export interface Violation {
  /** Of sync.md §7; 0: of whatever hx may never do. */
  readonly promise: number
  readonly what: string
}

/** A request on its way: it arrives when so many turns have gone by. */
export interface Late {
  readonly at: number
  readonly arrive: Effect.Effect<void>
}

/** One run of hx on one machine. */
export interface Process {
  readonly machine: Machine
  readonly command: string
  alive: boolean
  requests: number
  points: number
  /** By the number of the request; 0: the first that writes a manifest. */
  readonly faults: Map<number, RequestFault>
  /** Number of the point at which it is killed; 0: never; −1: the next one, once a manifest has been written. */
  killedAt: number
  readonly random: Random
  offline: boolean
}

/** The process that a fiber belongs to; null: the simulation itself, which nothing disturbs. */
export const CurrentProcess = FiberRef.unsafeMake<Process | null>(null)

/** The store's objects, with every change there ever was. */
export class Journal extends Map<string, MemoryObject> {
  readonly changes: Array<{ readonly name: string; readonly was?: MemoryObject; readonly is?: MemoryObject }> = []

  override set(name: string, object: MemoryObject): this {
    const was = this.get(name)
    const last = this.changes.at(-1)
    // The bucket notes the time of a write by itself.
    if (last?.is !== undefined && last.is === was && was.bytes === object.bytes) this.changes.pop()
    const before = last?.is === was && was?.bytes === object.bytes ? last?.was : was
    this.changes.push({ name, is: object, ...(before === undefined ? {} : { was: before }) })
    return super.set(name, object)
  }

  override delete(name: string): boolean {
    const was = this.get(name)
    if (was !== undefined) this.changes.push({ name, was })
    return super.delete(name)
  }

  /** As it was after so many changes. */
  asOf(changes: number): Map<string, MemoryObject> {
    const then = new Map<string, MemoryObject>()
    for (const { is, name } of this.changes.slice(0, changes)) {
      if (is === undefined) then.delete(name)
      else then.set(name, is)
    }
    return then
  }
}

export const note = (world: World, line: string): void => {
  world.trace.push(line)
}

export const violated = (world: World, promise: number, what: string): void => {
  world.violations.push({ promise, what })
  note(world, `VIOLATED ${promise === 0 ? "" : `promise ${promise}`}: ${what}`)
}

export const happens = (world: World, fault: FaultName): void => {
  world.happened.set(fault, 1 + (world.happened.get(fault) ?? 0))
}

/**
 * A point at which a process may be killed, and others may come first. The simulation's own look at things passes freely; a process that is dead does
 * nothing more, whatever its finalizers would like.
 */
export const pass = (world: World, kind: "request" | "transaction" | "key file", label: string): Effect.Effect<void> =>
  Effect.flatMap(FiberRef.get(CurrentProcess), (process) => {
    if (process === null) return Effect.void
    if (!process.alive) return Effect.interrupt
    return Effect.suspend(() => {
      if (!process.alive) return Effect.interrupt
      process.points++
      note(world, `  ${process.machine.name} ${label}`)
      if (process.points !== process.killedAt) return Effect.void
      process.alive = false
      happens(world, CRASHES[kind])
      note(world, `  ${process.machine.name} is killed`)
      return Effect.interrupt
    }).pipe(Effect.zipRight(Effect.void), (after) => Effect.zipRight(world.turnstile.turn, after))
  })

const CRASHES = {
  request: "crashAtRequest",
  transaction: "crashAtTransaction",
  "key file": "crashAtKeyFile"
} as const satisfies Record<string, FaultName>

/** Ids and names as a person can tell them apart in a trace. */
export const short = (text: string): string => text.replace(/[0-9a-f]{16,}/g, (id) => `${id.slice(0, 5)}…`)
