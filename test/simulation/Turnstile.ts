/**
 * Who goes on, and what time it is. Every device of a simulation really runs concurrently with the others; but whatever it does that another could
 * notice (a request, a transaction, a file) waits at a turnstile first. Only when everybody waits does one go on, and the seed says who. So a schedule
 * is decided by its seed alone, and yet any interleaving of what devices do is some seed's.
 *
 * Between two turns tasks run in the order in which they were made, on a scheduler of our own: Effect's leaves the rest to the event loop. Time passes
 * when the schedule says so, or when there is nothing to do but wait. It is one time with a clock for each device, which may be wrong: that is
 * what Effect's TestClock, the same for everybody, has no place for.
 */

import { Clock, Duration, Effect, type Exit, FiberRef, type Scheduler } from "effect"
import type { Random } from "./Random.ts"

interface Timer {
  readonly at: number
  readonly go: () => void
}

/** Rounds of the event loop without anything to do that mean that everybody waits for what never comes. */
const PATIENCE = 2_000

/** After so many instructions a fiber lets others go on, as Effect's own schedulers have it. Asked for at each instruction. */
const OPERATIONS = 2_048

export class Turnstile implements Scheduler.Scheduler {
  readonly #random: Random
  readonly #waiting: Array<() => void> = []
  #timers: Array<Timer> = []
  #tasks: Array<() => void> = []
  #turns = 0
  /** Milliseconds since 1970, truly. */
  now: number

  constructor(random: Random, now: number) {
    this.#random = random
    this.now = now
  }

  /** How many have gone through. */
  get turns(): number {
    return this.#turns
  }

  /** Waits until it is one's turn. */
  readonly turn: Effect.Effect<void> = Effect.async<void>((resume) => {
    const go = () => resume(Effect.void)
    this.#waiting.push(go)
    return Effect.sync(() => {
      const index = this.#waiting.indexOf(go)
      if (index >= 0) this.#waiting.splice(index, 1)
    })
  })

  /** Time passes. */
  advance(millis: number): void {
    this.now += millis
    const due = this.#timers.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at)
    this.#timers = this.#timers.filter(({ at }) => at > this.now)
    for (const { go } of due) go()
  }

  /** The clock of a device that is wrong by so many milliseconds. */
  clock(wrongBy: () => number): Clock.Clock {
    const millis = () => this.now + wrongBy()
    return {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: millis,
      currentTimeMillis: Effect.sync(millis),
      unsafeCurrentTimeNanos: () => BigInt(millis()) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(millis()) * 1_000_000n),
      sleep: (duration) => this.#sleep(Duration.toMillis(duration))
    }
  }

  /** Runs until it is done. */
  async run<A, E>(effect: Effect.Effect<A, E>): Promise<Exit.Exit<A, E>> {
    let ended: Exit.Exit<A, E> | undefined
    const fiber = Effect.runFork(effect, { scheduler: this })
    fiber.addObserver((exit) => {
      ended = exit
    })
    for (let idle = 0; ended === undefined;) {
      this.#drain()
      // What lets the event loop have its turn (platform/EventLoop.ts) is there again after this, since it asked first.
      await new Promise<void>((resume) => setImmediate(resume))
      if (this.#tasks.length > 0 || ended !== undefined) continue
      if (this.#goOn()) idle = 0
      else if (++idle > PATIENCE) throw new Error("everybody waits, and nobody is waited for")
    }
    return ended
  }

  shouldYield(fiber: Parameters<Scheduler.Scheduler["shouldYield"]>[0]): number | false {
    return fiber.currentOpCount > OPERATIONS ? fiber.getFiberRef(FiberRef.currentSchedulingPriority) : false
  }

  scheduleTask(task: () => void): void {
    this.#tasks.push(task)
  }

  #drain(): void {
    while (this.#tasks.length > 0) {
      const tasks = this.#tasks
      this.#tasks = []
      for (const task of tasks) task()
    }
  }

  /** One goes through; where nobody waits, time passes until somebody is due. */
  #goOn(): boolean {
    if (this.#waiting.length > 0) {
      this.#turns++
      const [go] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1)
      go!()
      return true
    }
    if (this.#timers.length === 0) return false
    this.advance(Math.max(0, Math.min(...this.#timers.map(({ at }) => at)) - this.now))
    return true
  }

  #sleep(millis: number): Effect.Effect<void> {
    return Effect.async((resume) => {
      const timer: Timer = { at: this.now + Math.ceil(millis), go: () => resume(Effect.void) }
      this.#timers.push(timer)
      return Effect.sync(() => {
        this.#timers = this.#timers.filter((each) => each !== timer)
      })
    })
  }
}
