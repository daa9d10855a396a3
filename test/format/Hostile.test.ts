/** Random damage to everything that is read: bounded in time, and never anything but the errors that are documented. */

import { it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { describe, expect } from "vitest"
import { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import { manifestContext, open, seal } from "../../src/format/Envelope.ts"
import { plainKeyring } from "../../src/format/Keyring.ts"
import * as Manifest from "../../src/format/Manifest.ts"
import { parse } from "../../src/format/RecoveryKey.ts"
import { SegmentError } from "../../src/format/Segment.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"
import { DEVICE, encodeOperations, KEY, liveEntry, OTHER_DEVICE, SALT, VAULT } from "./Samples.ts"

/** Raised by the long runs of the continuous integration. */
const ROUNDS = Number(process.env["HX_TEST_FUZZ_ROUNDS"] ?? 3_000)

const segment = encodeOperations([
  ...Array.from({ length: 40 }, (_, index) => ({
    kind: "add" as const,
    entry: liveEntry({
      ordinal: index,
      command: `make ${index % 7}`,
      cwd: `/srv/${index % 3}`,
      exit: index % 4,
      start: index * 777_777
    })
  })),
  { kind: "add", entry: liveEntry({ device: OTHER_DEVICE, start: null }) },
  { kind: "finish", id: liveEntry().id, exit: 1, duration: null },
  {
    kind: "forget",
    rule: { ids: [liveEntry().id], twins: ["ab".repeat(16)], windows: [{ from: 1, to: 2, device: null }] }
  },
  { kind: "purged", identity: "cd".repeat(16) }
])

/** A few bytes changed, removed, repeated or put in. */
const damaged = (random: SeededRandom, bytes: Uint8Array): Uint8Array => {
  let result = Buffer.from(bytes)
  for (let count = random.between(1, 4); count > 0; count--) {
    const at = random.below(result.length + 1)
    const length = random.pickSkewed([1, 2, 3, 8, 40])
    const edits = [
      () => Buffer.concat([result.subarray(0, at), result.subarray(at + length)]),
      () => Buffer.concat([result.subarray(0, at), Buffer.from(random.hex(2 * length), "hex"), result.subarray(at)]),
      () => Buffer.concat([result.subarray(0, at), result.subarray(at, at + length), result.subarray(at)]),
      () => Buffer.concat([result.subarray(0, at), Buffer.from(random.hex(2), "hex"), result.subarray(at + 1)]),
      () => Buffer.concat([result.subarray(0, at), Buffer.alloc(length, 0xff), result.subarray(at + length)])
    ]
    result = random.pick(edits)()
  }
  return result
}

const readAll = (bytes: Uint8Array): number => {
  let count = 0
  try {
    const reader = readSegment(bytes, DEVICE)
    for (const operation of reader) {
      if (operation.kind === "add") expect(operation.entry.id).toMatch(/^[0-9a-f]{32}$/)
      count++
    }
    expect(count).toBe(reader.readable)
  } catch (error) {
    if (!(error instanceof SegmentError)) throw error
  }
  return count
}

describe("damaged input", () => {
  it("to a segment gives at most as many operations as it has bytes, and no other error than its own", () => {
    const random = new SeededRandom(20261122)
    let read = 0
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damaged(random, segment)
      const count = readAll(bytes)
      expect(count).toBeLessThanOrEqual(bytes.length)
      if (count > 0) read++
    }
    expect(read).toBeGreaterThan(ROUNDS / 20)
  })

  it("that is nothing but noise is refused", () => {
    const random = new SeededRandom(7)
    for (let round = 0; round < ROUNDS; round++) {
      readAll(Buffer.from(`01${random.hex(2 * random.between(0, 200))}`, "hex"))
    }
  })

  it.effect("to a manifest, vault.json or an object fails with their own errors", () =>
    Effect.gen(function* () {
      const random = new SeededRandom(11)
      const manifest = yield* Manifest.encode({
        device: DEVICE,
        label: "x",
        sequence: 3,
        nonce: "0a".repeat(16),
        published: 5,
        epoch: 0,
        last: 44,
        chain: "0b".repeat(16),
        segments: [],
        retired: [],
        seen: [{ device: OTHER_DEVICE, sequence: 2 }],
        tail: segment
      })
      const ring = plainKeyring(VAULT)
      const object = yield* seal(manifest, manifestContext(DEVICE), ring, { codec: "brotli", salt: SALT })
      const descriptor = VaultDescriptor.encode(VaultDescriptor.create({ vaultId: VAULT, key: KEY, at: 0 }))
      for (let round = 0; round < ROUNDS / 3; round++) {
        const [one, two, three] = [damaged(random, manifest), damaged(random, descriptor), damaged(random, object)]
        const decoded = yield* Effect.either(Manifest.decode(one, DEVICE))
        if (Either.isRight(decoded)) readAll(decoded.right.tail)
        yield* Effect.either(VaultDescriptor.decode(two))
        yield* Effect.either(open(three, manifestContext(DEVICE), ring, { maxPlaintext: 100_000 }))
        parse(Buffer.from(three).toString("latin1"))
      }
    })
  )
})
