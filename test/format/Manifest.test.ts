import { it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import { ByteWriter } from "../../src/format/ByteColumn.ts"
import { decode, encode, type Manifest, MAX_MANIFEST_PLAINTEXT, tailFirst } from "../../src/format/Manifest.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import * as Samples from "./Samples.ts"

const { DEVICE, encodeOperations, failureOf, liveEntry, OTHER_DEVICE } = Samples

const EMPTY: Manifest = {
  device: DEVICE,
  label: "Ada's laptop",
  sequence: 1,
  nonce: "0a".repeat(16),
  published: 1_700_000_000_000_000,
  epoch: 1,
  last: 0,
  chain: "0b".repeat(16),
  segments: [],
  retired: [],
  seen: [],
  tail: encodeOperations([])
}

const segment = (first: number, last: number) => ({
  id: "0c".repeat(16),
  first,
  last,
  count: last - first + 1,
  size: 100,
  sealed: 80,
  sha256: "0d".repeat(32),
  chain: "0e".repeat(16)
})

const FULL: Manifest = {
  ...EMPTY,
  sequence: 12,
  last: 302,
  segments: [segment(1, 200), segment(201, 300)],
  retired: [{ device: OTHER_DEVICE, last: 17, at: 5 }],
  seen: [{ device: OTHER_DEVICE, sequence: 9 }],
  tail: encodeOperations([
    { kind: "add", entry: liveEntry() },
    { kind: "purged", identity: "3c".repeat(16) }
  ])
}

type Document = Record<string, unknown>

/** The manifest's plaintext with its JSON changed by hand. */
const withJson = (manifest: Manifest, change: (document: Document) => unknown) =>
  Effect.map(encode(manifest), (bytes) => {
    const { json, tail } = parts(bytes)
    return joined(Buffer.from(JSON.stringify(change(JSON.parse(json.toString("utf8")) as Document))), tail)
  })

const parts = (bytes: Uint8Array) => {
  const buffer = Buffer.from(bytes)
  const start = buffer.indexOf("{")
  const end = buffer.lastIndexOf("}") + 1
  return { json: buffer.subarray(start, end), tail: buffer.subarray(end) }
}

const joined = (json: Uint8Array, tail: Uint8Array): Uint8Array => {
  const writer = new ByteWriter()
  writer.varint(json.length)
  writer.bytes(json)
  writer.bytes(tail)
  return writer.view()
}

const plain = (manifest: Manifest) => ({ ...manifest, tail: Buffer.from(manifest.tail).toString("hex") })

describe("a manifest", () => {
  it.effect("gives back what was written, its tail included", () =>
    Effect.gen(function* () {
      for (const manifest of [EMPTY, FULL]) {
        const decoded = yield* decode(yield* encode(manifest), DEVICE)
        expect(plain(decoded)).toEqual(plain(manifest))
      }
      expect([...readSegment(FULL.tail, DEVICE)].length).toBe(2)
      expect([tailFirst(EMPTY), tailFirst(FULL)]).toEqual([1, 301])
    })
  )

  it.effect.prop(
    "gives back any log that is cut into segments without gaps",
    [
      fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 20 }),
      Samples.operations,
      fc.string({ unit: "binary", maxLength: 100 })
    ],
    ([lengths, tail, label]) =>
      Effect.gen(function* () {
        let last = 0
        const segments = lengths.map((length) => segment(last + 1, (last += length)))
        const manifest = { ...EMPTY, label, segments, last: last + tail.length, tail: encodeOperations(tail) }
        const decoded = yield* decode(yield* encode(manifest), DEVICE)
        expect(plain(decoded)).toEqual(plain(manifest))
      })
  )

  it.effect("of another device is refused", () =>
    Effect.gen(function* () {
      expect((yield* failureOf(decode(yield* encode(FULL), OTHER_DEVICE))).reason).toBe("Malformed")
    })
  )

  it.effect("cut short anywhere, or with a byte more, is refused", () =>
    Effect.gen(function* () {
      const bytes = yield* encode(FULL)
      for (const part of [...Samples.truncations(bytes), Buffer.concat([bytes, Buffer.from([0])])]) {
        expect((yield* failureOf(decode(part, DEVICE))).reason).toBe("Malformed")
      }
    })
  )

  it.effect("passes over members it does not know, and refuses features it has to know and does not", () =>
    Effect.gen(function* () {
      const added = yield* withJson(FULL, (document) => ({ ...document, weather: { sun: [1] } }))
      expect(plain(yield* decode(added, DEVICE))).toEqual(plain(FULL))
      const needed = yield* withJson(FULL, (document) => ({ ...document, mandatory: ["tags"] }))
      const newer = yield* withJson(FULL, (document) => ({ ...document, version: 2, segments: "elsewhere" }))
      for (const bytes of [needed, newer]) expect((yield* failureOf(decode(bytes, DEVICE))).reason).toBe("NewerFormat")
      const endless = yield* withJson(FULL, (document) => ({ ...document, mandatory: ["x".repeat(1_000_000)] }))
      expect((yield* failureOf(decode(endless, DEVICE))).message.length).toBeLessThan(400)
    })
  )

  it.effect("that does not make sense is refused, when it is read and when it is written", () =>
    Effect.gen(function* () {
      const nonsense: Record<string, Partial<Record<keyof Manifest, unknown>>> = {
        "a gap": { segments: [segment(1, 200), segment(202, 300)] },
        "an overlap": { segments: [segment(1, 200), segment(200, 300)] },
        "a log that does not begin": { segments: [segment(2, 300)] },
        "the wrong order": { segments: [segment(201, 300), segment(1, 200)] },
        "an empty segment": { segments: [segment(1, 200), segment(201, 200), segment(201, 300)] },
        "more entries than operations": { segments: [{ ...segment(1, 300), count: 301 }] },
        "a segment's name as a path": { segments: [{ ...segment(1, 300), id: "../../../../etc/passwd/./././././" }] },
        "a short hash": { segments: [{ ...segment(1, 300), sha256: "0d" }] },
        "no bytes": { segments: [{ ...segment(1, 300), sealed: 0 }] },
        "a segment larger than any": { segments: [{ ...segment(1, 300), size: 2 ** 26 + 1 }] },
        "an object larger than any": { segments: [{ ...segment(1, 300), sealed: 2 ** 53 - 1 }] },
        "an end before the segments'": { last: 299 },
        "an end before the tail's": { last: 301 },
        "an end after the tail's": { last: 303 },
        "an end that is no number": { last: "302" },
        "a fraction": { published: 1.5 },
        "a negative time": { published: -1 },
        "sequence 0": { sequence: 0 },
        "a sequence beyond 2^53": { sequence: 2 ** 53 },
        "a nonce in capitals": { nonce: "0A".repeat(16) },
        "a long label": { label: "x".repeat(257) },
        "a device twice": {
          seen: [
            { device: OTHER_DEVICE, sequence: 1 },
            { device: OTHER_DEVICE, sequence: 2 }
          ]
        },
        "a device as a path": { retired: [{ device: "..", last: 1, at: 1 }] },
        "no list of devices": { seen: {} },
        "no list of segments": { segments: null }
      }
      for (const [what, change] of Object.entries(nonsense)) {
        const bytes = yield* withJson(FULL, (document) => ({ ...document, ...change }))
        expect([what, (yield* failureOf(decode(bytes, DEVICE))).reason]).toEqual([what, "Malformed"])
        if (what.startsWith("no list")) continue
        const written = yield* failureOf(encode({ ...FULL, ...change } as Manifest))
        expect([what, written.reason]).toEqual([what, "Malformed"])
      }
    })
  )

  it.effect("that is too large, nested deeply, not JSON, or with a lying length is refused at little cost", () =>
    Effect.gen(function* () {
      const tail = EMPTY.tail
      const hostile = [
        joined(Buffer.from("[".repeat(5_000_000)), tail),
        joined(Buffer.from('{"a":'.repeat(1_000_000)), tail),
        joined(Buffer.from("null"), tail),
        joined(Buffer.from([0x7b, 0xff, 0x7d]), tail),
        joined(Buffer.alloc(0), tail),
        Buffer.from("ffffffffffffff0f7b7d", "hex"),
        Buffer.alloc(0)
      ]
      for (const bytes of hostile) expect((yield* failureOf(decode(bytes, DEVICE))).reason).toBe("Malformed")
      const large = Buffer.alloc(MAX_MANIFEST_PLAINTEXT + 1)
      expect((yield* failureOf(decode(large, DEVICE))).reason).toBe("TooLarge")
    })
  )
})
