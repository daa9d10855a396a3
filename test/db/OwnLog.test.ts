import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"
import { chainHash, emptyChain, extendChain } from "../../src/domain/LogChain.ts"
import { identityOf, type Operation } from "../../src/domain/Operation.ts"
import { RULE_IDS, smallRules } from "../../src/domain/ForgetRule.ts"
import { twinKeysOf } from "../../src/domain/Twin.ts"
import { A, B, imported, live, memory, SECOND, T0 } from "./Samples.ts"

const nothing = { added: 0, merged: 0, known: 0, refused: 0, removed: 0 }

describe("record", () => {
  it.effect("appends an add for what is new, none for what tells nothing, another for what tells more", () =>
    Effect.gen(function* () {
      const { device, log } = yield* HistoryDb
      const own = yield* device.id
      const entry = live("make", T0, { device: own })
      expect(yield* log.record([entry, entry])).toEqual({ ...nothing, added: 1, known: 1 })
      expect(yield* log.record([entry])).toEqual({ ...nothing, known: 1 })
      expect(yield* log.record([{ ...entry, cwd: "/b", exit: 1 }])).toEqual({ ...nothing, merged: 1 })
      expect(yield* log.record([{ ...entry, cwd: "/c" }])).toEqual({ ...nothing, known: 1 })
      expect(yield* log.record([{ ...entry, cwd: "/a" }])).toEqual({ ...nothing, merged: 1 })
      const merged = { ...entry, cwd: "/a", exit: 1 }
      const add: Operation = { kind: "add", entry: merged }
      expect(yield* log.read(1, 10)).toEqual([add, add, add])
      expect(yield* log.end).toBe(3)
    }).pipe(Effect.provide(memory))
  )

  it.effect("counts an entry once, however often it is spoken of, and forget rules beside it", () =>
    Effect.gen(function* () {
      const { device, log } = yield* HistoryDb
      const own = yield* device.id
      const [one, two] = [live("make", T0, { device: own }), live("ls", T0 + SECOND, { device: own })]
      yield* log.record([one])
      yield* log.record([{ ...one, cwd: "/b" }])
      yield* log.finish(one.id, 1, 5)
      yield* log.finish(live("elsewhere", T0).id, 0, 5)
      yield* log.record([two])
      yield* log.forget({ ids: [two.id], twins: [], windows: [] })
      expect(yield* log.end).toBe(6)
      // Of the six, number 5 is purged by number 6.
      expect(yield* log.content(1, 6)).toEqual({ entries: 2, rules: 1 })
      expect(yield* log.content(2, 3)).toEqual({ entries: 1, rules: 0 })
      expect(yield* log.content(7, 6)).toEqual({ entries: 0, rules: 0 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("says nothing of another device's entry that is imported here again", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const entry = imported("make", T0)
      yield* peers.apply(A, 1, [{ kind: "add", entry }])
      expect(yield* log.record([{ ...entry, device: own }])).toEqual({ ...nothing, known: 1 })
      expect(yield* log.end).toBe(0)
      // So a window on this device does not reach it either: nobody else would know why.
      yield* log.forget({ ids: [], twins: [], windows: [{ from: T0, to: T0, device: own }] })
      expect(yield* log.record([{ ...entry, device: own }])).toEqual({ ...nothing, refused: 1 })
      const { history } = yield* HistoryDb
      expect(yield* history.find({ words: [], limit: 9 })).toHaveLength(1)
    }).pipe(Effect.provide(memory))
  )

  it.effect("names in each operation the device that captured it, and counts no ordinal as news", () =>
    Effect.gen(function* () {
      const { device, history, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const smaller = "0".repeat(32) as typeof own
      const entry = imported("make", T0, { device: own, ordinal: null, id: imported("make", T0).id })
      yield* log.record([entry])
      yield* peers.apply(smaller, 1, [{ kind: "add", entry: { ...entry, device: smaller } }])
      expect(yield* log.record([{ ...entry, ordinal: 0 }])).toEqual({ ...nothing, known: 1 })
      expect(yield* log.read(1, 9)).toEqual([{ kind: "add", entry }])
      expect((yield* history.find({ words: [], limit: 1 }))[0]!.device).toBe(smaller)
    }).pipe(Effect.provide(memory))
  )

  it.effect("keeps every character of a text", () =>
    Effect.gen(function* () {
      const { history, log } = yield* HistoryDb
      const commands = [
        "a\0b",
        "tab\there\nand \u{10ff80} bytes",
        "emoji 🎉 ",
        "\u2028",
        '"quoted" \\',
        "x".repeat(300_000),
        "٣"
      ]
      yield* log.record(commands.map((command, index) => live(command, T0 + index, { cwd: command, host: command })))
      const found = yield* history.find({ words: [], limit: 99 })
      expect(found.map((entry) => entry.command)).toEqual(commands.toReversed())
      expect(found.map((entry) => entry.cwd)).toEqual(commands.toReversed())
    }).pipe(Effect.provide(memory))
  )
})

describe("finish", () => {
  it.effect("appends an operation only where it tells something", () =>
    Effect.gen(function* () {
      const { history, log } = yield* HistoryDb
      const entry = live("make", T0)
      yield* log.record([entry])
      yield* log.finish(entry.id, 2, 30)
      yield* log.finish(entry.id, 2, 30)
      yield* log.finish(entry.id, null, null)
      expect(yield* log.end).toBe(2)
      expect((yield* log.read(2, 1))[0]).toEqual({ kind: "finish", id: entry.id, exit: 2, duration: 30 })
      expect((yield* history.find({ words: [], limit: 1 }))[0]).toMatchObject({ exit: 2, duration: 30 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("waits for an entry that comes later, and is purged with it", () =>
    Effect.gen(function* () {
      const { history, log } = yield* HistoryDb
      const entry = live("make", T0)
      yield* log.finish(entry.id, 2, 30)
      yield* log.record([entry])
      expect((yield* history.find({ words: [], limit: 1 }))[0]).toMatchObject({ exit: 2, duration: 30 })
      yield* log.forget({ ids: [entry.id], twins: [], windows: [] })
      expect((yield* log.read(1, 9)).map(({ kind }) => kind)).toEqual(["purged", "purged", "forget"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("leaves no trace of an entry that is forgotten before it comes", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const entry = live("make", T0)
      yield* log.finish(entry.id, 2, 30)
      yield* log.forget({ ids: [entry.id], twins: [], windows: [] })
      yield* log.finish(entry.id, 2, 31)
      expect((yield* log.read(1, 9)).map(({ kind }) => kind)).toEqual(["purged", "forget"])
    }).pipe(Effect.provide(memory))
  )
})

describe("forget", () => {
  it.effect("purges this log's operations, keeps their identities, and refuses the entry for ever", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const entry = live("secret", T0)
      const other = live("make", T0)
      yield* log.record([entry, other])
      yield* log.finish(entry.id, 0, 1)
      const before = yield* log.identities(1, 3)
      const chain = yield* log.chainAt(3)
      const rule = { ids: [entry.id], twins: twinKeysOf(entry), windows: [] }
      expect(yield* log.forget(rule)).toEqual({ ...nothing, removed: 1 })
      expect(yield* log.read(1, 9)).toEqual([
        { kind: "purged", identity: before[0] },
        { kind: "add", entry: { ...other } },
        { kind: "purged", identity: before[2] },
        { kind: "forget", rule }
      ])
      expect(yield* log.identities(1, 3)).toEqual(before)
      expect(yield* log.chainAt(3)).toBe(chain)
      expect(yield* log.purged).toEqual([1, 3])
      yield* log.confirmPurged([1])
      expect(yield* log.purged).toEqual([3])
      expect(yield* log.record([entry, imported("secret", T0)])).toEqual({ ...nothing, refused: 2 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("appends the same rule once, and an empty one not at all", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const rule = { ids: ["0".repeat(32) as EntryId], twins: [], windows: [] }
      yield* log.forget(rule)
      yield* log.forget(rule)
      yield* log.forget({ ids: [], twins: [], windows: [] })
      expect(yield* log.end).toBe(1)
    }).pipe(Effect.provide(memory))
  )

  it.effect("of a window reaches an entry by any of the devices that captured it", () =>
    Effect.gen(function* () {
      const { history, log, peers } = yield* HistoryDb
      const entry = imported("make", T0)
      yield* peers.apply(A, 1, [{ kind: "add", entry }])
      yield* peers.apply(B, 1, [{ kind: "add", entry: { ...entry, device: B } }])
      yield* log.forget({ ids: [], twins: [], windows: [{ from: T0, to: T0, device: B }] })
      expect(yield* history.find({ words: [], limit: 9 })).toEqual([])
    }).pipe(Effect.provide(memory))
  )

  it.effect("finds an imported twin though the live entry is not here", () =>
    Effect.gen(function* () {
      const { history, log } = yield* HistoryDb
      yield* log.record([imported("secret", T0 + SECOND), imported("make", T0)])
      const forgotten = live("secret", T0 + 300_000)
      expect(yield* log.forget({ ids: [forgotten.id], twins: twinKeysOf(forgotten), windows: [] })).toMatchObject({
        removed: 1
      })
      expect((yield* history.find({ words: [], limit: 9 })).map(({ command }) => command)).toEqual(["make"])
    }).pipe(Effect.provide(memory))
  )
})

describe("chainAt", () => {
  it.effect("is the running hash of LogChain at any n, over blocks and before and after they are kept", () =>
    Effect.gen(function* () {
      const { device, log } = yield* HistoryDb
      const own = yield* device.id
      yield* log.record(Array.from({ length: 700 }, (_, index) => live("make", T0 + index, { device: own })))
      const identities = (yield* log.read(1, 1000)).map(identityOf)
      for (const n of [699, 0, 1, 255, 256, 257, 512, 513, 700]) {
        let block = emptyChain(own)
        let from = 0
        for (; from + 256 < n; from += 256) block = extendChain(block, identities.slice(from, from + 256))
        const expected = n === 0 ? chainHash(block) : chainHash(extendChain(block, identities.slice(from, n)))
        expect(yield* log.chainAt(n)).toBe(expected)
      }
    }).pipe(Effect.provide(memory))
  )
})

describe("adoptForeign", () => {
  it.effect("takes over every capture and rule that this log does not hold, once", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const mine = live("mine", T0, { device: own })
      const both = live("both", T0, { device: A })
      const theirs = live("theirs", T0, { device: B })
      const gone = live("gone", T0, { device: B })
      yield* log.record([mine])
      yield* peers.apply(A, 1, [{ kind: "add", entry: both }])
      yield* peers.apply(B, 1, [
        { kind: "add", entry: { ...both, device: B } },
        { kind: "add", entry: theirs },
        { kind: "finish", id: live("elsewhere", T0).id, exit: 1, duration: null },
        { kind: "forget", rule: { ids: [gone.id], twins: [], windows: [{ from: 1, to: 2, device: B }] } }
      ])
      expect(yield* log.adoptForeign).toBe(5)
      expect(yield* log.read(2, 99)).toEqual([
        { kind: "add", entry: both },
        { kind: "add", entry: { ...both, device: B } },
        { kind: "add", entry: theirs },
        { kind: "forget", rule: { ids: [gone.id], twins: [], windows: [{ from: 1, to: 2, device: B }] } },
        { kind: "finish", id: live("elsewhere", T0).id, exit: 1, duration: null }
      ])
      expect(yield* log.adoptForeign).toBe(0)
    }).pipe(Effect.provide(memory))
  )

  it.effect(
    "says of much that was forgotten what it has to in many rules: none grows beyond what a segment can hold",
    () =>
      Effect.gen(function* () {
        const { log, peers } = yield* HistoryDb
        const ids = Array.from({ length: 2 * RULE_IDS + 1 }, (_, at) => live("gone", T0 + at).id)
        for (const [at, rule] of smallRules({ ids, twins: [], windows: [] }).entries()) {
          yield* peers.apply(B, at + 1, [{ kind: "forget", rule }])
        }
        expect(yield* log.adoptForeign).toBe(3)
        const told = (yield* log.read(1, 9)).flatMap((operation) =>
          operation.kind === "forget" ? [operation.rule.ids] : []
        )
        expect(told.map((each) => each.length)).toEqual([RULE_IDS, RULE_IDS, 1])
        expect(told.flat().toSorted()).toEqual(ids.toSorted())
      }).pipe(Effect.provide(memory))
  )
})

describe("fork", () => {
  it.effect("goes on under a new id with what the other log lacks, naming who captured it", () =>
    Effect.gen(function* () {
      const { device, log, peers } = yield* HistoryDb
      const own = yield* device.id
      const entries = ["one", "two", "three", "four"].map((command) => live(command, T0, { device: own }))
      yield* log.record(entries)
      yield* log.record([{ ...entries[0]!, exit: 7 }])
      const chain = yield* log.chainAt(2)
      expect(yield* log.fork({ newId: B, common: 2, known: new Set([3]) })).toEqual({ moved: 2 })
      expect(yield* device.id).toBe(B)
      expect(yield* log.read(1, 9)).toEqual([
        { kind: "add", entry: entries[3] },
        { kind: "add", entry: { ...entries[0], exit: 7 } }
      ])
      expect(yield* log.chainAt(2)).not.toBe(chain)
      expect(yield* peers.ranges(own)).toEqual([{ first: 1, last: 2 }])
      yield* log.record([live("five", T0, { device: B })])
      expect(yield* log.read(3, 9)).toEqual([{ kind: "add", entry: live("five", T0, { device: B }) }])
    }).pipe(Effect.provide(memory))
  )
})
