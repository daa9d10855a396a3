import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { imported, initDevice, joinAll, live, makeDevice, makeWorld, pull, push, record, requestsOf } from "./World.ts"
import { commandsOf, historyOf } from "./History.ts"

describe("the main job", () => {
  it.scoped("what one device publishes, another one pulls", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      yield* record(a, yield* live(a, "git status", 1), yield* imported(a, "ls -l", 1_600_000_000))
      const pushed = yield* push(a)
      expect(pushed.operations).toBe(2)
      const pulled = yield* pull(b)
      expect(pulled).toMatchObject({ devices: 1, changed: 1, problems: [], absorbed: { added: 2 } })
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      expect(yield* commandsOf(b)).toEqual(["git status", "ls -l"])
    })
  )

  it.scoped("more manifests than may be held at once are read by one pull after the other", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const b = yield* makeDevice(world, "b", { heldManifests: 1, concurrentDownloads: 1 })
      const others = yield* Effect.forEach(["c", "d", "e"], (name) => makeDevice(world, name))
      yield* joinAll(b, ...others)
      for (const other of others) {
        yield* record(other, yield* live(other, "ls", 1))
        yield* push(other)
      }
      for (const left of [2, 1, 0]) {
        const pulled = yield* pull(b)
        expect(pulled).toMatchObject({ changed: 1, absorbed: { added: 1 } })
        expect(pulled.problems).toHaveLength(left)
      }
      expect(yield* pull(b)).toMatchObject({ changed: 0, problems: [] })
    })
  )

  it.scoped("requests are those of the contract, and not on average", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      const key = yield* joinAll(a, b)
      expect(yield* requestsOf(a, push(a))).toEqual([])
      yield* record(a, yield* live(a, "one", 1))
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      expect(yield* requestsOf(a, push(a))).toEqual([])
      expect(yield* requestsOf(b, pull(b))).toEqual(["list", "get"])
      expect(yield* requestsOf(b, pull(b))).toEqual(["list"])
      yield* record(a, yield* live(a, "two", 2))
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key })
      expect(yield* requestsOf(c, pull(c))).toEqual(["list", "get"])
    })
  )
})
