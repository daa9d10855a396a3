/** Damaged and hostile objects of a vault: bounded in time and memory, and never anything but the errors that are documented. */

import { it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { describe, expect } from "vitest"
import type { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import { manifestContext, open, seal, segmentContext } from "../../src/format/Envelope.ts"
import { canonicalJson, type Json, parseJson, readableJson } from "../../src/format/Json.ts"
import { plainKeyring } from "../../src/format/Keyring.ts"
import * as Manifest from "../../src/format/Manifest.ts"
import { format, parse } from "../../src/format/RecoveryKey.ts"
import { SegmentError } from "../../src/format/Segment.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"
import { campaign, casesOf, FUZZ_TIMEOUT, mutate, mutateJson, noise } from "../Fuzz.ts"
import { DEVICE, encodeOperations, KEY, keyring, liveEntry, OTHER_DEVICE, SALT, VAULT } from "./Samples.ts"

const SEGMENTS = [
  encodeOperations([
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
  ]),
  encodeOperations([]),
  encodeOperations([{ kind: "add", entry: liveEntry() }])
]

const MANIFEST = {
  device: DEVICE,
  label: "laptop",
  sequence: 3,
  nonce: "0a".repeat(16),
  published: 1_700_000_000_000_000,
  epoch: 1,
  last: 144,
  chain: "0b".repeat(16),
  segments: [
    {
      id: "1d".repeat(16),
      first: 1,
      last: 100,
      count: 100,
      size: 5_000,
      sealed: 900,
      sha256: "0c".repeat(32),
      chain: "0d".repeat(16)
    }
  ],
  retired: [{ device: OTHER_DEVICE, last: 7, at: 5 }],
  seen: [{ device: OTHER_DEVICE, sequence: 2 }],
  tail: SEGMENTS[0]!
}

const ring = plainKeyring(VAULT)
const golden = (vault: string, folder: string) => {
  const path = join(import.meta.dirname, "golden", "v1", vault, folder)
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
}

/** Whether a segment reads to its end; how much came of it is bounded by its bytes. */
const readAll = (bytes: Uint8Array): Effect.Effect<boolean, SegmentError> =>
  Effect.try({
    try: () => {
      const reader = readSegment(bytes, DEVICE)
      let count = 0
      for (const operation of reader) {
        if (operation.kind === "add" && !/^[0-9a-f]{32}$/.test(operation.entry.id)) throw new TypeError("no id")
        count++
      }
      if (count !== reader.readable || count > bytes.length) throw new RangeError(`${count} of ${bytes.length} bytes`)
      return true
    },
    catch: (error) => {
      if (error instanceof SegmentError) return error
      throw error
    }
  })

/** The manifest's bytes, its JSON replaced. */
const withJson = (json: Uint8Array, tail: Uint8Array): Buffer => {
  const length = []
  for (let rest = json.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest <= 127) break
  }
  return Buffer.concat([Buffer.from(length), json, tail])
}

const { tail: _tail, ...DOCUMENT } = MANIFEST
const DOCUMENT_JSON = { version: 1, mandatory: [], ...DOCUMENT }

const decodeManifest = (bytes: Uint8Array) =>
  Effect.map(Manifest.decode(bytes, DEVICE), (manifest) => {
    expect(manifest.device).toBe(DEVICE)
    return true
  })

/** vault.json with the checksum that belongs to what it says: as somebody would write it who wants it to be read. */
const withChecksum = (document: unknown): Uint8Array => {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return Buffer.from(JSON.stringify(document))
  }
  const { checksum: _checksum, ...rest } = document as Record<string, Json>
  const checksum = createHash("sha256").update(canonicalJson(rest)).digest("hex")
  return Buffer.from(readableJson({ ...rest, checksum }))
}

/** An envelope as one writes it who knows the format and no key: header and digest agree with what is inside. */
const forgeEnvelope = (random: SeededRandom, samples: ReadonlyArray<Uint8Array>): Buffer => {
  const bytes = mutate(random, samples)
  if (bytes.length < 76) return bytes
  if (random.chance(0.7)) {
    bytes.write("\x89hx\n", 0, "latin1")
    bytes.set([1, 0, random.below(2), 0], 4)
  }
  if (random.chance(0.2)) bytes.writeUInt32BE(random.pick([0, 1, 2 ** 26, 2 ** 26 + 1, 2 ** 32 - 1]), 12)
  const context = contextBytes([VAULT, "manifest", DEVICE, ""])
  const digest = createHash("sha256").update(bytes.subarray(0, 40)).update(context).update(bytes.subarray(76)).digest()
  bytes.set(digest, 40)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 72)), 72)
  return bytes
}

const contextBytes = (fields: ReadonlyArray<string>) =>
  Buffer.concat(fields.flatMap((field) => [Buffer.from([0, field.length]), Buffer.from(field)]))

describe("damaged and hostile objects end in their own errors, or are read", { timeout: FUZZ_TIMEOUT }, () => {
  it.effect("a segment gives at most as many operations as it has bytes", () =>
    campaign({
      seed: 20261122,
      cases: casesOf(0.2),
      next: (random) => mutate(random, SEGMENTS),
      run: readAll,
      accepted: 0.02
    })
  )

  it.effect("a segment of nothing but noise", () =>
    campaign({
      seed: 7,
      cases: casesOf(0.1),
      next: (random) => Buffer.concat([Buffer.from([1]), noise(random, random.between(0, 200))]),
      run: readAll
    })
  )

  it.effect("a manifest whose bytes are damaged", () =>
    Effect.flatMap(Manifest.encode(MANIFEST), (bytes) =>
      campaign({ seed: 11, cases: casesOf(0.05), next: (random) => mutate(random, [bytes]), run: decodeManifest })
    )
  )

  it.effect("a manifest whose document says something else", () =>
    campaign({
      seed: 12,
      cases: casesOf(0.05),
      next: (random) => withJson(Buffer.from(JSON.stringify(mutateJson(random, DOCUMENT_JSON))), MANIFEST.tail),
      run: decodeManifest,
      accepted: 0.02
    })
  )

  it.effect("JSON of any kind", () =>
    campaign({
      seed: 13,
      cases: casesOf(0.1),
      next: (random) => mutate(random, [Buffer.from(canonicalJson(DOCUMENT_JSON as unknown as Json))]),
      run: (bytes) =>
        Effect.sync(() => {
          const parsed = parseJson(bytes)
          // What is accepted is written again as it was meant.
          if (Either.isRight(parsed)) expect(parseJson(Buffer.from(canonicalJson(parsed.right)))).toEqual(parsed)
          return Either.isRight(parsed)
        }),
      accepted: 0.02
    })
  )

  it.effect("vault.json whose bytes are damaged", () => {
    const descriptor = VaultDescriptor.encode(VaultDescriptor.create({ vaultId: VAULT, key: KEY, at: 0 }))
    return campaign({
      seed: 14,
      cases: casesOf(0.05),
      next: (random) => mutate(random, [descriptor]),
      run: (bytes) => Effect.as(VaultDescriptor.decode(bytes), true)
    })
  })

  it.effect("vault.json that says something else, and whose checksum is right", () => {
    const descriptor = VaultDescriptor.rotate(VaultDescriptor.create({ vaultId: VAULT, key: KEY, at: 0 }), {
      oldKey: KEY,
      newKey: NEW_KEY,
      at: 9,
      accepted: [{ device: DEVICE, sequence: 4 }],
      objects: [{ device: DEVICE, sha256: "0e".repeat(32) }]
    })
    const document: unknown = JSON.parse(Buffer.from(VaultDescriptor.encode(descriptor)).toString())
    return campaign({
      seed: 15,
      cases: casesOf(0.05),
      next: (random) => withChecksum(mutateJson(random, document)),
      run: (bytes) =>
        Effect.map(VaultDescriptor.decode(bytes), (read) => {
          // Whoever wrote it has no key: whatever it says of keys is not believed.
          for (const key of [KEY, NEW_KEY]) {
            const keys = VaultDescriptor.verify(read, key) === "Ok" ? VaultDescriptor.keyringOf(read, key) : null
            if (keys !== null && !isAsWritten(read, descriptor)) throw new Error("believed")
          }
          return true
        })
    })
  })

  it.effect("an object of the store", () =>
    campaign({
      seed: 16,
      cases: casesOf(0.1),
      next: (random) => mutate(random, [...golden("encrypted", "manifests"), ...golden("plain", "segments")]),
      run: (bytes) =>
        Effect.as(open(bytes, segmentContext(DEVICE, "1d".repeat(16)), keyring(), { maxPlaintext: 1 << 20 }), true)
    })
  )

  it.effect("an object of a vault without encryption, made by somebody who knows the format", () =>
    Effect.flatMap(
      Effect.forEach(["none", "brotli"] as const, (codec) =>
        seal(SEGMENTS[0]!, manifestContext(DEVICE), ring, { codec, salt: SALT })
      ),
      (samples) =>
        campaign({
          seed: 17,
          cases: casesOf(0.1),
          next: (random) => forgeEnvelope(random, samples),
          run: (bytes) =>
            Effect.map(open(bytes, manifestContext(DEVICE), ring, { maxPlaintext: 1 << 20 }), (plaintext) => {
              expect(plaintext.length).toBeLessThanOrEqual(1 << 20)
              return true
            }),
          accepted: 0.02
        })
    )
  )

  it.effect("a recovery key", () => {
    const key = format(KEY, 1, VAULT)
    return campaign({
      seed: 18,
      cases: casesOf(0.05),
      next: (random) => mutate(random, [Buffer.from(key), Buffer.from(key.toUpperCase())]).toString("latin1"),
      run: (text) => Effect.map(parse(text), (read) => Buffer.from(read.key).equals(KEY))
    })
  })
})

const NEW_KEY = new Uint8Array(32).fill(9)

const isAsWritten = (read: VaultDescriptor.VaultDescriptor, written: VaultDescriptor.VaultDescriptor): boolean =>
  canonicalJson(read.epochs as unknown as Json) === canonicalJson(written.epochs as unknown as Json)
