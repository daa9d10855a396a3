import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { isMany } from "../../src/domain/ForgetRule.ts"
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

  it.effect("by text: what a history file without times brings later, too, on this device and on others", () =>
    Effect.gen(function* () {
      const { log, peers } = yield* HistoryDb
      const undated = imported("export TOKEN=hunter2", null)
      const secret = live("export TOKEN=hunter2", T0)
      yield* log.record([secret, live("make", T0)])
      const plan = yield* planForget(request({ match: "token" }))
      yield* forget(plan)
      yield* log.record([undated, imported("export TOKEN=hunter2", null, { ordinal: 1 })])
      expect(yield* commands).toEqual(["make"])
      // A device that has read such a file, and hears of the rule with and without the entry that it is about.
      for (const known of [[secret], []]) {
        const other = Effect.gen(function* () {
          const there = yield* HistoryDb
          yield* there.log.record([{ ...undated, device: B }, imported("ls", null)])
          yield* there.log.record(known)
          yield* there.peers.apply(
            B,
            1,
            plan.rules.map((rule) => ({ kind: "forget", rule }) as const)
          )
          return yield* commands
        })
        expect(yield* Effect.provide(other, Layer.fresh(memory))).toEqual(["ls"])
      }
      expect(yield* peers.all).toEqual([])
    }).pipe(Effect.provide(memory))
  )

  it.effect("of one run, by id or time or device: a file without times may stand for other runs, and keeps them", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const undated = imported("ls", null)
      const runs = [live("ls", T0), live("ls", T0 + 10 * SECOND), live("ls", T0 + 20 * SECOND)]
      yield* log.record([...runs, undated])
      yield* forget(yield* planForget(request({ ids: [runs[0]!.id] })))
      yield* forget(yield* planForget(request({ since: T0 + 15 * SECOND, allDevices: true })))
      yield* forget(yield* planForget(request({ match: "ls", until: T0 + 12 * SECOND })))
      expect(yield* commands).toEqual(["ls"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("by text: only what holds it as it stands, and not its words in some other order or place", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record(["make 1", "make 21", "1 make", "MAKE 1 now"].map((text, index) => live(text, T0 + index)))
      yield* forget(yield* planForget(request({ match: "make 1" })))
      expect(yield* commands).toEqual(["1 make", "make 21"])
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
      expect(yield* Effect.flip(planForget(request({ ids: [entry.id.slice(0, 12)] })))).toMatchObject({
        reason: "Absent"
      })
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
      expect(yield* planForget(request({ match: "no such thing" }))).toEqual({
        rules: [],
        entries: 0,
        unseen: 0,
        sample: []
      })
    }).pipe(Effect.provide(memory))
  )

  it.effect("by a whole id of an entry that has not come yet: it stays away when it comes", () =>
    Effect.gen(function* () {
      const { log, peers } = yield* HistoryDb
      const [entry, twin] = [live("secret", T0), imported("secret", T0)]
      const plan = yield* planForget(request({ ids: [entry.id, entry.id.toUpperCase(), twin.id] }))
      expect(plan).toMatchObject({ entries: 0, unseen: 2 })
      expect(yield* forget(plan)).toBe(0)
      expect(yield* peers.apply(B, 1, [{ kind: "add", entry }])).toMatchObject({ added: 0, refused: 1 })
      expect(yield* log.record([twin])).toMatchObject({ added: 0, refused: 1 })
      expect(yield* commands).toEqual([])
    }).pipe(Effect.provide(memory))
  )

  it.effect("between two moments, of one device that is named: also what it tells later of that time", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const at = (second: number, command: string, of = B) => live(command, T0 + second * SECOND, { device: of })
      yield* log.record([at(5, "mine", own)])
      yield* peers.apply(
        B,
        1,
        [at(1, "before"), at(5, "within"), at(9, "after")].map((entry) => ({ kind: "add", entry }))
      )
      const plan = yield* planForget(request({ since: T0 + 2 * SECOND, until: T0 + 9 * SECOND, device: B }))
      expect(plan).toMatchObject({ entries: 1, sample: [{ command: "within" }] })
      yield* forget(plan)
      expect(yield* commands).toEqual(["after", "mine", "before"])
      expect(yield* peers.apply(B, 4, [{ kind: "add", entry: at(6, "late") }])).toMatchObject({ refused: 1 })
      yield* forget(yield* planForget(request({ until: T0 + 2 * SECOND, allDevices: true })))
      expect(yield* commands).toEqual(["after", "mine"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("until a moment to come is until now: what is recorded afterwards stays", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const now = T0 + 100 * SECOND
      const plan = yield* planForget(request({ until: now + 1000 * SECOND, allDevices: true, now }))
      expect(plan.rules).toEqual([{ ids: [], twins: [], windows: [{ from: 0, to: now, device: null }] }])
      yield* forget(plan)
      expect(yield* log.record([live("later", now + SECOND)])).toMatchObject({ added: 1 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("by text, of one device, also where it is one of several that have the entry", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const both = imported("secret", T0)
      yield* log.record([{ ...both, device: own }, live("secret", T0 + 9 * SECOND, { device: own })])
      yield* peers.apply(B, 1, [{ kind: "add", entry: { ...both, device: B } }])
      expect((yield* planForget(request({ match: "secret", device: B }))).entries).toBe(1)
      expect((yield* planForget(request({ match: "secret", device: own }))).entries).toBe(2)
      expect((yield* planForget(request({ match: "secret" }))).entries).toBe(2)
    }).pipe(Effect.provide(memory))
  )
})

describe("much", () => {
  it.each([
    [99, 99, false],
    [100, 999, true],
    [100, 1_000, false],
    [1_000, 1_000_000, false],
    [1_001, 1_000_000, true]
  ])("is it, to forget %d of %d: %s", (entries, all, much) => {
    expect(isMany(entries, all)).toBe(much)
  })
})
