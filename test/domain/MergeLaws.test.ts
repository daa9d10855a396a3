/** Two bodies under one id merge as in a semilattice, whatever they say: sync.md §1. HX_TEST_CASES sets how many cases. */

import { describe, expect, it } from "vitest"
import { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import { type Entry, MERGED_FIELDS, merge } from "../../src/domain/Entry.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"

const CASES = Math.min(100_000, Number(process.env["HX_TEST_CASES"] ?? 10_000))

/** Texts whose order differs between UTF-16 units and UTF-8 bytes, prefixes of each other, and the empty one. */
const TEXTS = ["", "a", "aa", "b", "ä", "\uFFFD", "𝒽", "\u{10ff80}", "Z", "a\nb"]
const NUMBERS = [0, -1, 1, 10, 9, 2 ** 53 - 1, -(2 ** 53 - 1)]

const id = "5e".repeat(16) as EntryId
const bodyOf = (random: SeededRandom): Entry => {
  const text = () => random.pick(TEXTS)
  const perhaps = <A>(value: A) => (random.chance(0.35) ? null : value)
  return {
    id,
    start: perhaps(random.pick(NUMBERS)),
    duration: perhaps(random.pick(NUMBERS)),
    exit: perhaps(random.pick(NUMBERS)),
    command: text(),
    cwd: perhaps(text()),
    session: perhaps(text()),
    host: perhaps(text()),
    user: perhaps(text()),
    shell: perhaps(text()),
    origin: random.pick(["live", "import:zsh", "import:bash"]),
    device: random.pick(["a1", "b2", "c3"]).repeat(16) as DeviceId,
    ordinal: perhaps(random.pick(NUMBERS))
  }
}

/** The rule in one sentence, without the code that is tested. */
const least = <A extends string | number | null>(values: ReadonlyArray<A>): A | null => {
  const known = values.filter((value) => value !== null)
  if (known.every((value) => typeof value === "number"))
    return known.toSorted((a, b) => Number(a) - Number(b))[0] ?? null
  return known.toSorted((a, b) => Buffer.from(String(a)).compare(Buffer.from(String(b))))[0] ?? null
}

const same = (a: Entry, b: Entry): boolean => MERGED_FIELDS.every((field) => a[field] === b[field])

describe("merging two bodies of one entry", () => {
  it("is commutative, associative, idempotent, absorbs what it has heard, and takes field by field what is known, else the smaller", () => {
    const random = new SeededRandom(41)
    for (let round = 0; round < CASES; round++) {
      const [a, b, c] = [bodyOf(random), bodyOf(random), bodyOf(random)]
      const joined = merge(a, b)
      const all = merge(joined, c)
      const laws =
        same(joined, merge(b, a)) &&
        same(all, merge(a, merge(b, c))) &&
        same(all, merge(merge(c, a), b)) &&
        same(merge(a, a), a) &&
        same(merge(joined, a), joined) &&
        same(merge(all, joined), all) &&
        MERGED_FIELDS.every((field) => all[field] === least([a[field], b[field], c[field]]))
      if (!laws) expect({ round, a, b, c, all }).toBeNull()
    }
  })
})
