import { it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import { createCipheriv, createHash, hkdfSync } from "node:crypto"
import { brotliCompressSync, crc32 } from "node:zlib"
import { describe, expect } from "vitest"
import {
  ENVELOPE_OVERHEAD,
  inspect,
  manifestContext,
  MAX_PLAINTEXT,
  open,
  seal,
  segmentContext
} from "../../src/format/Envelope.ts"
import { fields, plainKeyring } from "../../src/format/Keyring.ts"
import * as Samples from "./Samples.ts"

const { DEVICE, KEY, OTHER_DEVICE, OTHER_KEY, OTHER_VAULT, SALT, VAULT, bitFlips, bytesOf, failureOf, keyring } =
  Samples

const CONTEXT = segmentContext(DEVICE, "11".repeat(16))
const TEXT = Buffer.from("the quick brown fox jumps over the lazy dog, the quick brown fox jumps again\n".repeat(3))
const CAP = { maxPlaintext: 1_000_000 }

const suites = [
  { name: "encrypted", ring: keyring() },
  { name: "not encrypted", ring: plainKeyring(VAULT) }
]

for (const { name, ring } of suites) {
  describe(`an object of a vault that is ${name}`, () => {
    it.effect.prop(
      "opens to what was sealed, compressed or not",
      [
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }),
          fc.string({ maxLength: 3000 }).map((text) => Buffer.from(text))
        )
      ],
      ([plaintext]) =>
        Effect.gen(function* () {
          for (const codec of ["none", "brotli"] as const) {
            const sealed = yield* seal(plaintext, CONTEXT, ring, { codec, salt: SALT })
            expect(sealed.length).toBeLessThanOrEqual(plaintext.length + ENVELOPE_OVERHEAD)
            expect(Buffer.from(yield* open(sealed, CONTEXT, ring, { maxPlaintext: plaintext.length }))).toEqual(
              Buffer.from(plaintext)
            )
          }
        })
    )

    it.effect("opens where it lies in the middle of a larger buffer", () =>
      Effect.gen(function* () {
        const sealed = yield* seal(TEXT, CONTEXT, ring, { codec: "brotli", salt: SALT })
        const within = Buffer.concat([bytesOf(9, 13), sealed, bytesOf(8, 5)]).subarray(13, 13 + sealed.length)
        expect(Buffer.from(yield* open(within, CONTEXT, ring, CAP))).toEqual(TEXT)
      })
    )

    it.effect("is refused with any single bit turned, and never as a wrong key's, a newer hx's or a larger one", () =>
      Effect.gen(function* () {
        const sealed = yield* seal(TEXT, CONTEXT, ring, { codec: "brotli", salt: SALT })
        for (const { bit, bytes } of bitFlips(sealed)) {
          const error = yield* failureOf(open(bytes, CONTEXT, ring, CAP))
          expect([bit, error.reason]).toEqual([bit, bit < 32 ? "NotAnEnvelope" : "Corrupt"])
        }
      })
    )

    it.effect("is refused cut short anywhere, and with a byte more", () =>
      Effect.gen(function* () {
        for (const codec of ["none", "brotli"] as const) {
          const sealed = yield* seal(TEXT, CONTEXT, ring, { codec, salt: SALT })
          for (const part of [...Samples.truncations(sealed), Buffer.concat([sealed, Buffer.from([0])])]) {
            const error = yield* failureOf(open(part, CONTEXT, ring, CAP))
            expect([part.length, error.reason]).toEqual([part.length, part.length < 76 ? "NotAnEnvelope" : "Corrupt"])
          }
        }
      })
    )

    it.effect("is refused in the place of another vault's, device's, kind's or segment's object", () =>
      Effect.gen(function* () {
        const sealed = yield* seal(TEXT, CONTEXT, ring, { codec: "none", salt: SALT })
        const places = [
          [CONTEXT, { ...ring, vaultId: OTHER_VAULT }],
          [segmentContext(OTHER_DEVICE, CONTEXT.id), ring],
          [segmentContext(DEVICE, "12".repeat(16)), ring],
          [manifestContext(DEVICE), ring],
          [{ ...CONTEXT, kind: "manifest" as const }, ring]
        ] as const
        for (const [context, keys] of places) {
          const error = yield* failureOf(open(sealed, context, keys, CAP))
          expect(error.reason).toBe(ring.encrypted ? "WrongKey" : "Corrupt")
        }
      })
    )

    it.effect("is refused unread where its plaintext is over the reader's cap", () =>
      Effect.gen(function* () {
        const sealed = yield* seal(Buffer.alloc(5000), CONTEXT, ring, { codec: "brotli", salt: SALT })
        expect((yield* failureOf(open(sealed, CONTEXT, ring, { maxPlaintext: 4999 }))).reason).toBe("TooLarge")
        expect((yield* open(sealed, CONTEXT, ring, { maxPlaintext: 5000 })).length).toBe(5000)
      })
    )
  })
}

describe("an object", () => {
  it.effect("of another key of the same epoch is told from a damaged one", () =>
    Effect.gen(function* () {
      const sealed = yield* seal(TEXT, CONTEXT, keyring(), { codec: "brotli", salt: SALT })
      expect((yield* failureOf(open(sealed, CONTEXT, keyring(OTHER_KEY), CAP))).reason).toBe("WrongKey")
      expect((yield* failureOf(open(sealed, CONTEXT, keyring(KEY, 2), CAP))).reason).toBe("UnknownEpoch")
      expect((yield* failureOf(open(sealed, CONTEXT, plainKeyring(VAULT), CAP))).reason).toBe("UnknownEpoch")
    })
  )

  it.effect("of an older epoch opens with that epoch's key", () =>
    Effect.gen(function* () {
      const sealed = yield* seal(TEXT, CONTEXT, keyring(), { codec: "brotli", salt: SALT })
      const both = { ...keyring(OTHER_KEY, 2), keys: new Map([[1, KEY], [2, OTHER_KEY]]) } // prettier-ignore
      expect(Buffer.from(yield* open(sealed, CONTEXT, both, CAP))).toEqual(TEXT)
      expect((yield* inspect(yield* seal(TEXT, CONTEXT, both, { codec: "none", salt: SALT }), CONTEXT)).epoch).toBe(2)
    })
  )

  it.effect("that is not encrypted is refused in a vault that is: nobody can take the encryption away", () =>
    Effect.gen(function* () {
      const plain = yield* seal(TEXT, CONTEXT, plainKeyring(VAULT), { codec: "brotli", salt: SALT })
      expect((yield* failureOf(open(plain, CONTEXT, keyring(), CAP))).reason).toBe("PlaintextRefused")
    })
  )

  it.effect("of a newer version, suite or codec says so", () =>
    Effect.gen(function* () {
      const sealed = yield* seal(TEXT, CONTEXT, keyring(), { codec: "brotli", salt: SALT })
      for (const [at, value] of [
        [4, 2],
        [4, 0],
        [5, 2],
        [6, 2],
        [7, 1]
      ] as const) {
        const error = yield* failureOf(open(withCrc(sealed, at, value), CONTEXT, keyring(), CAP))
        expect(error.reason).toBe("NewerFormat")
      }
    })
  )

  it.effect("is bound to every byte of its header, even where the checksum was made to fit", () =>
    Effect.gen(function* () {
      const sealed = Buffer.from(yield* seal(TEXT, CONTEXT, keyring(), { codec: "brotli", salt: SALT }))
      for (let at = 4; at < 72; at++) {
        const forged = withCrc(sealed, at, (sealed[at] ?? 0) ^ 1)
        const error = yield* failureOf(open(forged, CONTEXT, keyring(), { maxPlaintext: MAX_PLAINTEXT }))
        expect(error.reason).not.toBe("NotAnEnvelope")
      }
    })
  )

  it.effect("is larger than its plaintext by no more than the overhead, and sealed twice gives different bytes", () =>
    Effect.gen(function* () {
      const one = yield* seal(bytesOf(5, 100), CONTEXT, keyring(), { codec: "brotli", salt: SALT })
      const two = yield* seal(bytesOf(5, 100), CONTEXT, keyring(), { codec: "brotli", salt: bytesOf(4, 24) })
      expect(one.length).toBe(100 + ENVELOPE_OVERHEAD)
      const common = one.subarray(40).filter((byte, index) => byte === two[40 + index]).length
      expect(common).toBeLessThan(20)
    })
  )

  it.effect("is sealed only under a key there is, and only up to the largest size", () =>
    Effect.gen(function* () {
      const empty = { ...keyring(), keys: new Map<number, Uint8Array>() }
      expect((yield* failureOf(seal(TEXT, CONTEXT, empty, { codec: "none", salt: SALT }))).reason).toBe("UnknownEpoch")
      const huge = new Uint8Array(MAX_PLAINTEXT + 1)
      expect((yield* failureOf(seal(huge, CONTEXT, keyring(), { codec: "none", salt: SALT }))).reason).toBe("TooLarge")
    })
  )
})

describe("an object made by somebody who holds the key, or in a vault without one", () => {
  const ring = plainKeyring(VAULT)

  it.effect("is not decompressed beyond the size it states, nor taken where it is less", () =>
    Effect.gen(function* () {
      const bomb = brotliCompressSync(Buffer.alloc(50_000_000))
      for (const size of [0, 1, 1000, 60_000_000]) {
        const before = process.memoryUsage().arrayBuffers
        const forged = forgePlain(size, 1, bomb)
        const error = yield* failureOf(open(forged, CONTEXT, ring, { maxPlaintext: MAX_PLAINTEXT }))
        expect(error.reason).toBe("Corrupt")
        if (size <= 1000) expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
      }
    })
  )

  it.effect("is refused with bytes after the compressed data, with data that is none, or cut short", () =>
    Effect.gen(function* () {
      const packed = brotliCompressSync(TEXT)
      const payloads = [
        Buffer.concat([packed, Buffer.from([0])]),
        Buffer.concat([packed, packed]),
        packed.subarray(0, -1),
        Buffer.from("not brotli at all"),
        Buffer.alloc(0)
      ]
      for (const payload of payloads) {
        const error = yield* failureOf(open(forgePlain(TEXT.length, 1, payload), CONTEXT, ring, CAP))
        expect(error.reason).toBe("Corrupt")
      }
      expect(Buffer.from(yield* open(forgePlain(TEXT.length, 1, packed), CONTEXT, ring, CAP))).toEqual(TEXT)
    })
  )

  it.effect("is what the specification says, byte for byte", () =>
    Effect.gen(function* () {
      const sealed = Buffer.from(yield* seal(TEXT, CONTEXT, keyring(KEY, 7), { codec: "none", salt: SALT }))
      const header = Buffer.concat([
        Buffer.from("8968780a01010000", "hex"),
        Buffer.from("00000007", "hex"),
        Buffer.from(TEXT.length.toString(16).padStart(8, "0"), "hex"),
        SALT
      ])
      const context = ["c0ffee00c0ffee00c0ffee00c0ffee00", "segment", "a1".repeat(16), "11".repeat(16)]
      const info = Buffer.concat([
        header,
        ...context.map((each) => Buffer.from(`\0${String.fromCharCode(each.length)}${each}`))
      ])
      const okm = Buffer.from(hkdfSync("sha512", KEY, SALT, info, 76))
      const front = Buffer.concat([header, okm.subarray(44)])
      const associated = Buffer.concat([front, uint32(crc32(front))])
      const cipher = createCipheriv("aes-256-gcm", okm.subarray(0, 32), okm.subarray(32, 44)).setAAD(associated)
      expect(sealed).toEqual(Buffer.concat([associated, cipher.update(TEXT), cipher.final(), cipher.getAuthTag()]))
    })
  )

  const forgePlain = (size: number, codec: number, payload: Uint8Array): Uint8Array => {
    const header = Buffer.concat([
      Buffer.from([0x89, 0x68, 0x78, 0x0a, 1, 0, codec, 0, 0, 0, 0, 0]),
      uint32(size),
      SALT
    ])
    const context = fields([VAULT, CONTEXT.kind, CONTEXT.device, CONTEXT.id])
    const digest = createHash("sha256").update(header).update(context).update(payload).digest()
    const front = Buffer.concat([header, digest])
    return Buffer.concat([front, uint32(crc32(front)), payload])
  }
})

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** With one byte changed and the checksum made to fit. */
const withCrc = (object: Uint8Array, at: number, value: number): Uint8Array => {
  const forged = Buffer.from(object)
  forged[at] = value
  uint32(crc32(forged.subarray(0, 72))).copy(forged, 72)
  return forged
}
