import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { forget, type ForgetRequest, planForget } from "../../src/history/Forget.ts"
import { B, imported, live, memory, SECOND, T0 } from "../db/Samples.ts"

const request = (more: Partial<ForgetRequest>): ForgetRequest => ({
  ids: [],
  match: null,
  since: null,
  allDevices: false,
  now: T0 + 100 * SECOND,
  ...more
})

const commands = Effect.gen(function* () {
  const { history } = yield* HistoryDb
  return (yield* history.find({ words: [], limit: Infinity })).map(({ command }) => command)
})

describe("forget", () => {
  it.effect("by text: removes what matches, its twins in history files, and what a file brings later", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const secret = live("export TOKEN=hunter2", T0 + 400_000)
      yield* log.record([secret, imported("export TOKEN=hunter2", T0), live("make", T0)])
      const plan = yield* planForget(request({ match: "token" }))
      expect(plan).toMatchObject({ entries: 1, sample: [{ id: secret.id }] })
      expect(yield* commands).toHaveLength(2)
      expect(yield* forget(plan)).toBe(2)
      expect(yield* commands).toEqual(["make"])
      yield* log.record([imported("export TOKEN=hunter2", T0), imported("export TOKEN=hunter2", T0 + SECOND)])
      expect(yield* commands).toEqual(["make"])
      // Another run of it, at another time, is another entry.
      yield* log.record([imported("export TOKEN=hunter2", T0 + 5 * SECOND)])
      expect(yield* commands).toHaveLength(2)
    }).pipe(Effect.provide(memory))
  )

  it.effect("never stores the text", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record([live("export TOKEN=hunter2", T0)])
      yield* forget(yield* planForget(request({ match: "hunter2" })))
      expect(JSON.stringify(yield* log.read(1, 99))).not.toContain("hunter2")
    }).pipe(Effect.provide(memory))
  )

  it.effect("by id, or the beginning of one; refuses one that names nothing or several", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const entry = live("secret", T0)
      yield* log.record([entry, live("make", T0), ...Array.from({ length: 20 }, (_, index) => live("ls", T0 + index))])
      const plan = yield* planForget(request({ ids: [entry.id.slice(0, 12)] }))
      expect(plan.entries).toBe(1)
      yield* forget(plan)
      expect(yield* commands).not.toContain("secret")
      expect(yield* Effect.flip(planForget(request({ ids: [entry.id] })))).toMatchObject({ reason: "Absent" })
      expect(yield* Effect.flip(planForget(request({ ids: ["make"] })))).toMatchObject({ reason: "Malformed" })
      const ambiguous = yield* Effect.forEach("0123456789abcdef".split(""), (digit) =>
        Effect.either(planForget(request({ ids: [digit] })))
      )
      const reasons = ambiguous.flatMap((each) => (each._tag === "Left" ? [each.left] : []))
      expect(reasons.some((error) => error._tag === "EntryIdError" && error.reason === "Ambiguous")).toBe(true)
    }).pipe(Effect.provide(memory))
  )

  it.effect("since a moment: what this device captured until now, and nothing of the future", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const now = T0 + 100 * SECOND
      yield* log.record([
        live("before", T0, { device: own }),
        live("within", T0 + 50 * SECOND, { device: own }),
        live("after", now + 2 * SECOND, { device: own })
      ])
      yield* peers.apply(B, 1, [{ kind: "add", entry: live("elsewhere", T0 + 50 * SECOND, { device: B }) }])
      const plan = yield* planForget(request({ since: T0 + SECOND, now }))
      expect(plan).toMatchObject({ entries: 1, sample: [{ command: "within" }] })
      yield* forget(plan)
      expect(yield* commands).toEqual(["after", "elsewhere", "before"])
      yield* forget(yield* planForget(request({ since: T0 + SECOND, now, allDevices: true })))
      expect(yield* commands).toEqual(["after", "before"])
      // What the spool of a shell still holds from that time stays away too.
      expect(yield* log.record([live("late", T0 + 60 * SECOND, { device: own })])).toMatchObject({ refused: 1 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("by text since a moment: only what is both", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record([live("secret", T0), live("secret", T0 + 50 * SECOND), live("make", T0 + 50 * SECOND)])
      yield* forget(yield* planForget(request({ match: "secret", since: T0 + SECOND })))
      expect(yield* commands).toEqual(["make", "secret"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("of many entries makes several rules, all in one transaction", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record(Array.from({ length: 12_000 }, (_, index) => live("make", T0 + index)))
      const plan = yield* planForget(request({ match: "make" }))
      expect(plan.entries).toBe(12_000)
      expect(plan.rules.length).toBe(3)
      expect(yield* forget(plan)).toBe(12_000)
      expect(yield* commands).toEqual([])
    }).pipe(Effect.provide(memory))
  )

  it.effect("of nothing is no rule", () =>
    Effect.gen(function* () {
      expect(yield* planForget(request({ match: "no such thing" }))).toEqual({ rules: [], entries: 0, sample: [] })
    }).pipe(Effect.provide(memory))
  )
})
