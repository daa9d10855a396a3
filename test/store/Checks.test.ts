import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { type Check, failedWith, type Finding, found, runChecks, warning } from "../../src/store/Checks.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"

const bounds = { each: Duration.seconds(10), all: Duration.seconds(25) }
const error = (reason: StoreErrorReason) => new StoreError({ reason, operation: "list", subject: "x" })
const fine = (id: string, ...needs: ReadonlyArray<string>): Check<StoreError> => ({
  id,
  needs,
  run: Effect.succeed(found("fine"))
})
const failing = (id: string, reason: StoreErrorReason): Check<StoreError> => ({
  id,
  needs: [],
  run: Effect.fail(failedWith(error(reason)))
})

const outcomes = (findings: ReadonlyArray<Finding<StoreError>>) =>
  findings.map(({ blockedBy, id, outcome }) => `${id} ${outcome}${blockedBy === undefined ? "" : ` by ${blockedBy}`}`)
const run = (checks: ReadonlyArray<Check<StoreError>>) =>
  runChecks<StoreError, never, never, never>(checks, bounds, () => Effect.void)

describe("checks", () => {
  it.effect("a refusal of one thing lets the others go on, but for those that need it", () =>
    Effect.gen(function* () {
      const checks = [
        fine("a"),
        failing("b", "AccessDenied"),
        fine("c"),
        fine("d", "b"),
        fine("e", "d"),
        fine("f", "a")
      ]
      expect(outcomes(yield* run(checks))).toEqual([
        "a ok",
        "b failed",
        "c ok",
        "d skipped by b",
        "e skipped by d",
        "f ok"
      ])
    })
  )

  it.effect("what fails for good stops all that come after, except what needs no more of the store", () =>
    Effect.gen(function* () {
      const checks = [fine("a"), failing("b", "Refused"), fine("c", "a"), { ...fine("d"), afterStop: true }, fine("e")]
      expect(outcomes(yield* run(checks))).toEqual(["a ok", "b failed", "c skipped by b", "d ok", "e skipped by b"])
    })
  )

  it.effect("a warning is good enough to go on, unless it says that nothing more is to be learnt", () =>
    Effect.gen(function* () {
      const careful: Check<StoreError> = { id: "a", needs: [], run: Effect.succeed(warning("hm", "do something")) }
      const last: Check<StoreError> = {
        id: "c",
        needs: [],
        run: Effect.succeed(warning("empty", "make it", { stops: true }))
      }
      expect(outcomes(yield* run([careful, fine("b", "a"), last, fine("d")]))).toEqual([
        "a warning",
        "b ok",
        "c warning",
        "d skipped by c"
      ])
    })
  )

  it.effect("each is told as soon as it ends, with the time it took", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const slow: Check<StoreError> = {
        id: "slow",
        needs: [],
        run: Effect.delay(Effect.succeed(found("")), "3 seconds")
      }
      const fiber = yield* Effect.fork(
        runChecks<StoreError, never, never, never>([fine("quick"), slow], bounds, ({ id, millis }) =>
          Effect.sync(() => told.push(`${id} ${millis}`))
        )
      )
      yield* TestClock.adjust("1 second")
      expect(told).toEqual(["quick 0"])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      expect(told).toEqual(["quick 0", "slow 3000"])
    })
  )

  it.effect("one that hangs is ended in its time, and all of them in theirs", () =>
    Effect.gen(function* () {
      const hanging: Check<StoreError> = { id: "hanging", needs: [], run: Effect.never }
      const slow = (id: string): Check<StoreError> => ({
        id,
        needs: [],
        run: Effect.delay(Effect.succeed(found("")), "9 seconds")
      })
      const ended = yield* Effect.fork(run([hanging, fine("next")]))
      yield* TestClock.adjust("10 seconds")
      const [first, second] = yield* Fiber.join(ended)
      expect(first).toMatchObject({ outcome: "failed", error: { reason: "TimedOut" }, millis: 10_000 })
      expect(second).toMatchObject({ outcome: "skipped", blockedBy: "hanging" })

      const all = yield* Effect.fork(run([slow("a"), slow("b"), slow("c"), fine("d")]))
      yield* TestClock.adjust("25 seconds")
      expect(outcomes(yield* Fiber.join(all))).toEqual(["a ok", "b ok", "c failed", "d skipped by c"])
    })
  )
})
