import { it as effectIt } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { describe, expect, it } from "vitest"
import { encodeRecord, MAX_BODY, type SpoolItem, spoolDecoder } from "../../src/capture/SpoolFormat.ts"
import type { Begin, End, SpoolRecord } from "../../src/capture/SpoolRecord.ts"
import * as RawText from "../../src/domain/RawText.ts"
import { campaign, casesOf, FUZZ_TIMEOUT, mutate } from "../Fuzz.ts"

const SESSION = "6121f5a3c2d1e-4711-9"

const begin = (counter: number, command: string, more: Partial<Begin> = {}): Begin => ({
  kind: "begin",
  session: SESSION,
  counter,
  start: 1_700_000_000_000_000 + counter,
  command,
  cwd: "/home/me",
  host: "laptop",
  user: "me",
  shell: "zsh",
  ...more
})

const end = (counter: number, more: Partial<End> = {}): End => ({
  kind: "end",
  session: SESSION,
  counter,
  start: 1_700_000_000_000_000 + counter,
  exit: 0,
  duration: 1_500,
  ...more
})

const decode = (chunks: ReadonlyArray<Uint8Array>) => {
  const decoder = spoolDecoder()
  const items = chunks.flatMap((chunk) => decoder.push(chunk))
  const last = decoder.end()
  return { items: [...items, ...last.items], tail: last.tail }
}

const recordsOf = (items: ReadonlyArray<SpoolItem>): ReadonlyArray<SpoolRecord> =>
  items.flatMap((item) => (item.kind === "record" ? [item.record] : []))

const skippedOf = (items: ReadonlyArray<SpoolItem>) => items.filter((item) => item.kind === "skipped")

const cutAt = (bytes: Uint8Array, places: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const ends = [...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return ends.map((to, index) => bytes.slice(ends[index - 1] ?? 0, to))
}

/** Whatever a shell can hold in a variable: no NUL. */
const rawText = (least: number) =>
  fc
    .oneof(
      fc.string({ unit: "binary", minLength: least, maxLength: 30 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ minLength: least, maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom("\nhx1 b 5", "hx.\n", "%41%", "a\nb\n", "\nhx1 ", "\n").map((text) => Buffer.from(text))
    )
    .map((bytes) => RawText.fromBytes(bytes.map((byte) => (byte === 0 ? 1 : byte))))

const word = rawText(1).map((text): string | null => text)
const numbers = {
  counter: fc.integer({ min: 1, max: 1e6 }),
  start: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
}
const session = fc.stringMatching(/^[0-9a-z-]{8,64}$/)
const anyRecord: fc.Arbitrary<SpoolRecord> = fc.oneof(
  fc.record({
    kind: fc.constant("begin" as const),
    session,
    ...numbers,
    command: rawText(1),
    cwd: fc.option(word),
    host: fc.option(word),
    user: fc.option(word),
    shell: fc.option(word)
  }),
  fc.record({
    kind: fc.constant("end" as const),
    session,
    ...numbers,
    exit: fc.option(fc.integer({ min: 0, max: 255 })),
    duration: fc.option(fc.integer({ min: 0, max: 1e15 }))
  })
)

const encoding = fc.constantFrom("raw" as const, "percent" as const)
const written = fc.array(fc.tuple(anyRecord, encoding), { maxLength: 6 })
const encodeAll = (records: ReadonlyArray<readonly [SpoolRecord, "raw" | "percent"]>) =>
  Buffer.concat(records.map(([record, how]) => encodeRecord(record, how)))

describe("the spool format", () => {
  it("is what the specification says, to the byte", () => {
    expect(Buffer.from(encodeRecord(begin(1, "ls -l"))).toString()).toBe(
      `\nhx1 b 69\0${SESSION}\x001\x001700000000000001\0/home/me\0laptop\0me\0zsh\0ls -l\0hx.\n`
    )
    expect(Buffer.from(encodeRecord(end(1, { exit: 130, duration: null }))).toString()).toBe(
      `\nhx1 e 45\0${SESSION}\x001\x001700000000000001\x00130\0\0hx.\n`
    )
    expect(Buffer.from(encodeRecord(begin(1, "echo é"), "percent")).toString()).toContain("\0echo%20%C3%A9\0hx.\n")
  })

  effectIt.prop("gives back what was written, raw and percent-encoded", [written], ([records]) => {
    const { items, tail } = decode([encodeAll(records)])
    expect(recordsOf(items)).toEqual(records.map(([record]) => record))
    expect(items).toHaveLength(records.length)
    expect(tail).toBeNull()
  })

  effectIt.prop(
    "gives the same however its bytes are cut into chunks, damaged or not",
    [written, fc.array(fc.nat()), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 })],
    ([records, places, damage]) => {
      const bytes = encodeAll(records)
      if (bytes.length > 0) for (const [at, byte] of damage) bytes[at % bytes.length] = byte
      const whole = decode([bytes])
      expect(decode(cutAt(bytes, places))).toEqual(whole)
      expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole)
    }
  )

  effectIt.prop(
    "gives of every beginning all whole records, and what is cut off as the tail",
    [written, fc.nat()],
    ([records, place]) => {
      const bytes = encodeAll(records)
      const length = place % (bytes.length + 1)
      const { items, tail } = decode([bytes.subarray(0, length)])
      const ends = records.map((_, index) => encodeAll(records.slice(0, index + 1)).length)
      const whole = ends.filter((to) => to <= length)
      expect(recordsOf(items)).toEqual(records.slice(0, whole.length).map(([record]) => record))
      expect(skippedOf(items)).toEqual([])
      const from = whole.at(-1) ?? 0
      expect(tail).toEqual(length - from < 2 ? null : { from, to: length })
    }
  )

  effectIt.prop(
    "loses of a torn record that record only",
    [anyRecord, written, written, fc.nat()],
    ([torn, before, after, place]) => {
      const bytes = encodeRecord(torn)
      const cut = bytes.subarray(0, 2 + (place % (bytes.length - 3)))
      const { items, tail } = decode([Buffer.concat([encodeAll(before), cut, encodeAll(after)])])
      const told = recordsOf(items)
      expect(told).toEqual([...before, ...after].map(([record]) => record))
      const from = encodeAll(before).length
      const lost = { from, to: from + cut.length }
      if (after.length === 0) {
        expect(tail).toEqual(lost)
        return
      }
      // But for the newlines and NULs at its ends, which would say nothing there.
      const [skipped, ...more] = skippedOf(items)
      expect(more).toEqual([])
      expect(skipped!.from - lost.from).toBeOneOf([0, 1])
      expect(skipped!.to).toBeLessThanOrEqual(lost.to)
    }
  )

  effectIt.prop(
    "of two writers whose writes get between each other's pieces, all that was written in one piece is found",
    [fc.array(fc.tuple(anyRecord, fc.option(fc.nat())), { maxLength: 5 }), fc.array(fc.boolean())],
    ([records, turns]) => {
      // Even ones are the first writer's, odd ones the second's; a record is written in one piece or in two.
      const queues = [0, 1].map((parity) =>
        records
          .filter((_, index) => index % 2 === parity)
          .flatMap(([record, cut]) => {
            const bytes = encodeRecord(record)
            const at = cut === null ? 0 : 2 + (cut % (bytes.length - 3))
            return cut === null
              ? [{ bytes, record, part: "whole" }]
              : [
                  { bytes: bytes.subarray(0, at), record, part: "first" },
                  { bytes: bytes.subarray(at), record, part: "second" }
                ]
          })
      )
      const order = turns.map(Number).concat(Array.from({ length: 20 }, (_, index) => index % 2))
      const stream = order.flatMap((turn) => queues[turn]?.splice(0, 1) ?? [])
      const kept = stream.flatMap((piece, index) =>
        piece.part === "whole" ||
        (piece.part === "first" && stream[index + 1]?.record === piece.record && stream[index + 1]?.part === "second")
          ? [piece.record]
          : []
      )
      const found = recordsOf(decode([Buffer.concat(stream.map(({ bytes }) => bytes))]).items)
      expect(found).toEqual(kept)
    }
  )

  it("takes the newline of the next record for one that was torn before its last byte, and gives both", () => {
    const torn = encodeRecord(begin(1, "a"))
    const { items, tail } = decode([Buffer.concat([torn.subarray(0, -1), encodeRecord(end(1))])])
    expect(recordsOf(items)).toEqual([begin(1, "a"), end(1)])
    expect(skippedOf(items)).toEqual([])
    expect(tail).toBeNull()
  })

  it("passes over what has been wiped without a word, and tells of what is foreign", () => {
    const [first, second] = [encodeRecord(begin(1, "a")), encodeRecord(begin(2, "b"))]
    const bytes = Buffer.concat([
      Buffer.alloc(first.length),
      second,
      Buffer.alloc(9),
      Buffer.from("oops\0oops"),
      second
    ])
    const { items, tail } = decode([bytes])
    const at = first.length + second.length + 9
    expect(recordsOf(items)).toEqual([begin(2, "b"), begin(2, "b")])
    expect(skippedOf(items)).toEqual([{ kind: "skipped", why: "foreign", from: at, to: at + 9 }])
    expect(tail).toBeNull()
    expect(decode([Buffer.alloc(100_000)])).toEqual({ items: [], tail: null })
  })

  it.each([
    ["a session with other characters", { session: "../../x-y-z" }],
    ["a short session", { session: "abc" }],
    ["a counter of nothing", { counter: 0 }],
    ["a start before 1970", { start: -1 }],
    ["a start that is no number", { start: Number.NaN }],
    ["a start beyond what is exact", { start: 1e17 }],
    ["no command", { command: "" }]
  ])("refuses %s, and goes on behind it", (_, more) => {
    const bad = encodeRecord(begin(1, "x", more))
    const { items } = decode([Buffer.concat([bad, encodeRecord(end(2))])])
    expect(items[0]).toEqual({ kind: "skipped", why: "malformed", from: 0, to: bad.length - 1 })
    expect(recordsOf(items)).toEqual([end(2)])
  })

  it.each(["%", "%4", "%zz", "a%00b", "%4%31"])("refuses percent-encoding like %s", (text) => {
    const good = Buffer.from(encodeRecord(begin(1, "QQQQQ".slice(0, text.length)), "percent")).toString()
    const { items } = decode([Buffer.from(good.replace("Q".repeat(text.length), text))])
    expect(items).toEqual([{ kind: "skipped", why: "malformed", from: 0, to: good.length - 1 }])
  })

  it("takes a duration below zero, of a clock that was set back, for unknown", () => {
    expect(recordsOf(decode([encodeRecord(end(1, { duration: -5, exit: 1 }))]).items)).toEqual([
      end(1, { duration: null, exit: 1 })
    ])
  })

  it("takes 100 KB of command, and no record beyond the limit", () => {
    const long = begin(1, "x".repeat(100_000))
    expect(recordsOf(decode([encodeRecord(long)]).items)).toEqual([long])
    const bytes = Buffer.concat([Buffer.from(`\nhx1 b ${MAX_BODY + 1}\0`), encodeRecord(long)])
    const { items } = decode([bytes])
    expect(skippedOf(items)).toEqual([{ kind: "skipped", why: "over-long", from: 0, to: 15 }])
    expect(recordsOf(items)).toEqual([long])
  })

  it("holds no more than a record, and is done in linear time, however hostile the bytes", () => {
    const claim = Buffer.from(`\nhx1 b ${MAX_BODY}\0`)
    const claims = Buffer.alloc(24 * 1024 * 1024, claim)
    const before = process.memoryUsage().rss
    const decoder = spoolDecoder()
    const began = process.cpuUsage().user
    const found: Array<SpoolItem> = []
    for (let at = 0; at < claims.length; at += 1 << 20) found.push(...decoder.push(claims.subarray(at, at + (1 << 20))))
    found.push(...decoder.end().items)
    expect(recordsOf(found)).toEqual([])
    expect(found.length).toBeLessThanOrEqual(2)
    expect(process.memoryUsage().rss - before).toBeLessThan(160 * 1024 * 1024)
    expect(process.cpuUsage().user - began).toBeLessThan(20_000_000)
  })

  effectIt.effect(
    "fails at no bytes whatever",
    () =>
      campaign({
        seed: 51,
        cases: casesOf(0.05),
        next: (random) =>
          mutate(
            random,
            [
              encodeAll([
                [begin(1, "make test"), "raw"],
                [end(1), "raw"],
                [begin(2, "echo é"), "percent"],
                [end(2), "percent"]
              ])
            ],
            ["\nhx1 b ", "\nhx1 e 45\0", "hx.\n", "\0", "\0\0\0\0\0\0\0\0hx.\n", "999999999999", "%"]
          ),
        run: (bytes) => Effect.sync(() => checkFound(bytes)),
        accepted: 0.3
      }),
    FUZZ_TIMEOUT
  )
})

/** Stretches stand in order, none over another, and what is a record encodes to its own bytes again, or percent-encoded to something that reads the same. */
const checkFound = (bytes: Uint8Array): boolean => {
  const { items, tail } = decode([bytes])
  let last = 0
  for (const { from, to } of [...items, ...(tail === null ? [] : [tail])]) {
    expect(from).toBeGreaterThanOrEqual(last)
    expect(to).toBeGreaterThan(from)
    last = to
  }
  expect(last).toBeLessThanOrEqual(bytes.length)
  const records = recordsOf(items)
  expect(recordsOf(decode(records.map((record) => encodeRecord(record))).items)).toEqual(records)
  return records.length > 0
}
