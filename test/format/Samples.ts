/** What the tests of the formats are fed with. */

import { Effect, FastCheck as fc } from "effect"
import { DeviceId } from "../../src/domain/Device.ts"
import { type Entry, LIVE } from "../../src/domain/Entry.ts"
import { derivedId, type EntryId } from "../../src/domain/EntryId.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import * as RawText from "../../src/domain/RawText.ts"
import type { Keyring } from "../../src/format/Keyring.ts"
import { SegmentWriter } from "../../src/format/SegmentWriter.ts"

export const VAULT = "c0ffee00c0ffee00c0ffee00c0ffee00"
export const OTHER_VAULT = "decafbaddecafbaddecafbaddecafbad"
export const DEVICE = DeviceId("a1".repeat(16))
export const OTHER_DEVICE = DeviceId("b2".repeat(16))

export const bytesOf = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7 + ((index * index) >> 3)) & 0xff)

export const KEY = bytesOf(1, 32)
export const OTHER_KEY = bytesOf(2, 32)
export const SALT = bytesOf(3, 24)

export const keyring = (key: Uint8Array = KEY, epoch = 1, vaultId = VAULT): Keyring => ({
  vaultId,
  encrypted: true,
  epoch,
  keys: new Map([[epoch, key]])
})

/** Every copy of these bytes with one bit turned. */
export function* bitFlips(bytes: Uint8Array): Generator<{ readonly bit: number; readonly bytes: Uint8Array }> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield { bit, bytes: flipped }
  }
}

/** Every beginning of these bytes that is shorter than all of them. */
export function* truncations(bytes: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < bytes.length; length++) yield bytes.subarray(0, length)
}

/** What an effect fails with; a success is a failure of the test. */
export const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, string, R> =>
  Effect.flatMap(Effect.either(effect), (result) =>
    result._tag === "Left" ? Effect.succeed(result.left) : Effect.fail("it was accepted")
  )

export const encodeOperations = (operations: Iterable<Operation>): Uint8Array => {
  const writer = new SegmentWriter(DEVICE)
  for (const operation of operations) writer.add(operation)
  return writer.finish()
}

export const withId = (body: Omit<Entry, "id">): Entry => ({
  ...body,
  id: derivedId(body) ?? ("5e".repeat(16) as EntryId)
})

export const liveEntry = (changes: Partial<Entry> = {}): Entry =>
  withId({
    start: 1_700_000_000_123_456,
    duration: 4_321,
    exit: 0,
    command: "git status",
    cwd: "/home/ada/src",
    session: "7f".repeat(16),
    host: "ada-laptop",
    user: "ada",
    shell: "zsh",
    origin: LIVE,
    device: DEVICE,
    ordinal: 3,
    ...changes
  })

const hex16 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"))
const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.integer({ min: 1_600_000_000, max: 1_700_000_000 }).map((seconds) => seconds * 1_000_000),
  fc.constantFrom(0, -1, 127, 128, 8191, 8192, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER)
)
const orNull = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { freq: 4 })

/** Any bytes at all, as the text that stands for them; with many repetitions. */
const text = fc.oneof(
  fc.constantFrom("", "ls", "git status", "a\nb", "\0", "ÿ", "日本語", "👩‍👩‍👧‍👦", "\u{10ff80}", "x".repeat(300)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => RawText.fromBytes(bytes)),
  fc.string({ unit: "binary", maxLength: 12 })
)

const entry: fc.Arbitrary<Entry> = fc
  .record({
    start: orNull(safeInteger),
    duration: orNull(safeInteger),
    exit: orNull(safeInteger),
    command: text,
    cwd: orNull(text),
    session: orNull(fc.constantFrom("s1", "s2", "s3")),
    host: orNull(fc.constantFrom("h1", "h2")),
    user: orNull(text),
    shell: orNull(fc.constantFrom("zsh", "bash")),
    origin: fc.constantFrom(LIVE, LIVE, "import:zsh", "import:bash"),
    device: fc.constantFrom(DEVICE, DEVICE, OTHER_DEVICE),
    ordinal: orNull(fc.oneof(fc.nat(300), fc.maxSafeNat()))
  })
  .chain((body) => {
    const derived = derivedId(body)
    const stored = fc.record({ ...fixed(body), id: hex16 as fc.Arbitrary<EntryId> })
    return derived === null ? stored : fc.oneof(fc.constant({ ...body, id: derived }), stored)
  })

const fixed = <A extends object>(body: A) =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name, fc.constant(value)])) as {
    readonly [K in keyof A]: fc.Arbitrary<A[K]>
  }

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: entry.map((each): Operation => ({ kind: "add", entry: each })) },
  fc.record({
    kind: fc.constant("finish" as const),
    id: hex16 as fc.Arbitrary<EntryId>,
    exit: orNull(safeInteger),
    duration: orNull(safeInteger)
  }),
  fc.record({
    kind: fc.constant("forget" as const),
    rule: fc.record({
      ids: fc.array(hex16 as fc.Arbitrary<EntryId>, { maxLength: 4 }),
      twins: fc.array(hex16, { maxLength: 4 }),
      windows: fc.array(
        fc.record({ from: safeInteger, to: safeInteger, device: orNull(fc.constantFrom(DEVICE, OTHER_DEVICE)) }),
        { maxLength: 3 }
      )
    })
  }),
  fc.record({ kind: fc.constant("purged" as const), identity: hex16 })
)

export const operations = fc.array(operation, { maxLength: 60 })
