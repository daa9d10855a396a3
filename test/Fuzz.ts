/**
 * Campaigns of damaged and random input: every case has to end, in bounded time and memory, with what is documented. A defect (a throw that is no
 * typed error) fails the campaign, and names the case: the same seed makes the same cases.
 *
 * HX_TEST_CASES is how many cases all campaigns together have; each takes its share of them.
 */

import { Cause, Effect, Exit } from "effect"
import { expect } from "vitest"
import { SeededRandom } from "../scripts/generator/SeededRandom.ts"

/** What a campaign has of all cases: those of slow targets have less. */
export const casesOf = (share: number): number => Math.ceil(Number(process.env["HX_TEST_CASES"] ?? 6_000) * share)

/** A test of a campaign may take as long as a million cases take on a busy machine. */
export const FUZZ_TIMEOUT = 3_600_000

export interface Campaign<I> {
  readonly seed: number
  readonly cases: number
  readonly next: (random: SeededRandom) => I
  /** Ends well, or with a typed error; anything else is a defect. Gives whether the input was accepted. */
  readonly run: (input: I) => Effect.Effect<boolean, unknown>
  /** At least such a share of the cases has to be accepted: else the campaign tries only what is refused at the door. */
  readonly accepted?: number
}

export const campaign = <I extends string | Uint8Array>({ accepted = 0, cases, next, run, seed }: Campaign<I>) =>
  Effect.gen(function* () {
    const random = new SeededRandom(seed)
    const before = process.resourceUsage().maxRSS
    let took = 0
    for (let round = 0; round < cases; round++) {
      const input = next(random)
      const started = process.cpuUsage()
      const exit = yield* Effect.exit(run(input))
      const { system, user } = process.cpuUsage(started)
      const seconds = (system + user) / 1e6
      if (Exit.isFailure(exit) && Cause.isDie(exit.cause)) {
        throw new Error(`case ${round} of seed ${seed}: ${Cause.pretty(exit.cause)}\n${shown(input)}`)
      }
      if (seconds > MOST_SECONDS) throw new Error(`case ${round} of seed ${seed} took ${seconds} s\n${shown(input)}`)
      if (Exit.isSuccess(exit) && exit.value) took++
      if (round % 256 === 0) yield* breathe
    }
    expect(took).toBeGreaterThanOrEqual(Math.floor(cases * accepted))
    // KiB. What a campaign leaves behind itself is collected sooner or later; what grows without end is not.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(MOST_KIBIBYTES)
  })

/** The runner wants to hear of this process now and then. */
export const breathe = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

/** Of this process' time: other processes do not count, garbage collection does. */
const MOST_SECONDS = 10
const MOST_KIBIBYTES = 512 * 1024

const shown = (input: string | Uint8Array): string =>
  typeof input === "string" ? JSON.stringify(input) : Buffer.from(input).toString("base64")

/** A few bytes changed, removed, repeated, put in, or taken from elsewhere. */
export const mutate = (
  random: SeededRandom,
  samples: ReadonlyArray<Uint8Array>,
  tokens: ReadonlyArray<string> = []
): Buffer => {
  let result = Buffer.from(random.pick(samples))
  for (let count = random.between(1, 4); count > 0; count--) {
    const at = random.below(result.length + 1)
    const length = random.pickSkewed([1, 2, 3, 8, 40, 400])
    const [head, rest] = [result.subarray(0, at), result.subarray(at)]
    const other = random.pick(samples)
    const from = random.below(other.length + 1)
    const edits = [
      () => [head, rest.subarray(length)],
      () => [head],
      () => [head, noise(random, length), rest],
      () => [head, rest.subarray(0, length), rest],
      () => [head, noise(random, 1), rest.subarray(1)],
      () => [head, Buffer.from([(rest[0] ?? 0) ^ (1 << random.below(8))]), rest.subarray(1)],
      () => [head, Buffer.alloc(length, random.pick([0, 0x20, 0x5b, 0x80, 0xff])), rest.subarray(length)],
      () => [head, Buffer.from(random.pick(tokens.length === 0 ? ANYWHERE : tokens)), rest],
      () => [head, Buffer.from(random.pick(ANYWHERE)), rest],
      () => [head, other.subarray(from, from + length), rest]
    ]
    result = Buffer.concat(random.pick(edits)())
  }
  return result
}

export const noise = (random: SeededRandom, length: number): Buffer => Buffer.from(random.hex(2 * length), "hex")

/** What trips readers of text and numbers. */
const ANYWHERE = [
  "0",
  "-1",
  "9007199254740993",
  "99999999999999999999999999",
  "1e999",
  "NaN",
  "null",
  "{}",
  "[]",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "\n",
  "\r\n",
  "\0",
  "\u001B[31m",
  "\u202E",
  "__proto__",
  "../..",
  "%00",
  "[".repeat(400),
  "é",
  "𝒽",
  "\uFEFF"
]

/** A JSON value with one of its parts replaced, removed or repeated. */
export const mutateJson = (random: SeededRandom, value: unknown): unknown => {
  if (random.chance(0.25) || typeof value !== "object" || value === null) return random.pick(VALUES)
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1)
    const changed = value.flatMap((each: unknown, index) =>
      index !== at ? [each] : random.pick([() => [], () => [each, each], () => [mutateJson(random, each)]])()
    )
    return at === value.length ? [...changed, random.pick(VALUES)] : changed
  }
  const members = Object.entries(value as Record<string, unknown>)
  const at = random.below(members.length)
  const edited = members.flatMap(([name, member], index): ReadonlyArray<readonly [string, unknown]> => {
    if (index !== at) return [[name, member]]
    const more = random.pick(["x", "more", "constructor", "toString", "version", "mandatory"])
    const edits: ReadonlyArray<() => ReadonlyArray<readonly [string, unknown]>> = [
      () => [],
      () => [[name, mutateJson(random, member)]],
      () => [[name, mutateJson(random, member)]],
      () => [
        [name, member],
        [more, random.pick(VALUES)]
      ]
    ]
    return random.pick(edits)()
  })
  return Object.fromEntries(edited)
}

const VALUES: ReadonlyArray<unknown> = [
  null,
  true,
  0,
  -1,
  1,
  1.5,
  1e300,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  "",
  "x".repeat(300),
  "00".repeat(16),
  "ff".repeat(32),
  "../../etc/passwd",
  "\u001B]0;owned\u0007",
  "\u202E",
  "\uD800",
  [],
  [[]],
  {},
  { device: "a1".repeat(16), sequence: 1 },
  ["something new"],
  Array.from({ length: 200 }, () => 0),
  {
    a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: { l: { m: { n: { o: { p: { q: 1 } } } } } } } } } } } } } } } }
  }
]
