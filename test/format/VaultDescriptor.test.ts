import { it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { describe, expect } from "vitest"
import { canonicalJson, type JsonObject, readableJson } from "../../src/format/Json.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"
import * as Samples from "./Samples.ts"

const { bytesOf, DEVICE, failureOf, KEY, OTHER_DEVICE, OTHER_KEY, OTHER_VAULT, VAULT } = Samples

const AT = 1_763_834_400_000_000
const CHEAP = { n: 2 ** 14, r: 8, p: 1 }
const SALT = bytesOf(6, 32)

const encrypted = VaultDescriptor.create({ vaultId: VAULT, key: KEY, at: AT })
const plain = VaultDescriptor.create({ vaultId: VAULT, key: null, at: AT })
const rotated = VaultDescriptor.rotate(encrypted, {
  oldKey: KEY,
  newKey: OTHER_KEY,
  accepted: [
    { device: DEVICE, sequence: 41 },
    { device: OTHER_DEVICE, sequence: 7 }
  ],
  at: AT + 60_000_000
})

const textOf = (descriptor: VaultDescriptor.VaultDescriptor) =>
  Buffer.from(VaultDescriptor.encode(descriptor)).toString()

describe("vault.json", () => {
  it.effect("gives back what was written, with its passphrase, epochs and what a newer hx added", () =>
    Effect.gen(function* () {
      const wrapped = yield* VaultDescriptor.wrapWithPassphrase(rotated, OTHER_KEY, {
        passphrase: "open",
        salt: SALT,
        cost: CHEAP
      })
      const extended = { ...wrapped, extra: { region: "eu", constructor: [1, { deep: true }] } }
      for (const descriptor of [encrypted, plain, rotated, wrapped, extended]) {
        const bytes = VaultDescriptor.encode(descriptor)
        const decoded = yield* VaultDescriptor.decode(bytes)
        expect(decoded).toEqual(descriptor)
        expect(VaultDescriptor.encode(decoded)).toEqual(bytes)
      }
    })
  )

  it("is text that people may look into, and holds no key", () => {
    const text = textOf(rotated)
    expect(text).toMatch(/^\{\n {2}"checksum": "[0-9a-f]{64}",\n {2}"cipher": "aes-256-gcm\+hkdf-sha512",\n[^]*\n\}\n$/)
    for (const key of [KEY, OTHER_KEY]) expect(text).not.toContain(Buffer.from(key).toString("hex").slice(0, 12))
  })

  it.effect("is refused with any single bit turned, before any key is known", () =>
    Effect.gen(function* () {
      for (const descriptor of [encrypted, plain]) {
        for (const { bytes } of Samples.bitFlips(VaultDescriptor.encode(descriptor))) {
          const error = yield* failureOf(VaultDescriptor.decode(bytes))
          expect(["NotADescriptor", "Corrupt"]).toContain(error.reason)
        }
      }
    })
  )

  it.effect("is refused cut short anywhere, and with anything added", () =>
    Effect.gen(function* () {
      const bytes = VaultDescriptor.encode(encrypted)
      const others = ["\n", " ", "}"].map((more) => Buffer.concat([bytes, Buffer.from(more)]))
      for (const part of [
        ...Samples.truncations(bytes),
        ...others,
        Buffer.from(textOf(encrypted).replaceAll("\n", "\r\n"))
      ]) {
        expect(["NotADescriptor", "Corrupt"]).toContain((yield* failureOf(VaultDescriptor.decode(part))).reason)
      }
    })
  )

  it.effect("of a newer version, or that needs what this hx does not know, says so", () =>
    Effect.gen(function* () {
      for (const change of [{ version: 2 }, { mandatory: ["shards"] }]) {
        const bytes = newDocument(change)
        expect((yield* failureOf(VaultDescriptor.decode(bytes))).reason).toBe("NewerFormat")
      }
      const endless = newDocument({ mandatory: ["x".repeat(900_000)] })
      expect((yield* failureOf(VaultDescriptor.decode(endless))).message.length).toBeLessThan(300)
    })
  )

  it.effect("with wrong types, costs beyond the cap, or epochs that do not fit together is refused", () =>
    Effect.gen(function* () {
      const wrap = { kdf: "scrypt", n: 2 ** 17, p: 1, r: 8, salt: "00".repeat(32), wrapped: "00".repeat(48) }
      const epoch = encrypted.epochs[0]
      const changes: Record<string, object> = {
        "no id": { vault: "" },
        "an id as a path": { vault: "../".repeat(11).slice(0, 32) },
        "sequence as text": { sequence: "1" },
        "an unknown cipher": { cipher: "rot13" },
        "a time with an offset": { created: "2026-11-22T17:51:00.000+01:00" },
        "no epochs": { epochs: [] },
        "an epoch too many": { epochs: [epoch, { ...epoch, epoch: 2 }] },
        "the wrong epoch": { epochs: [{ ...epoch, epoch: 2 }] },
        "an unknown member in an epoch": { epochs: [{ ...epoch, more: 1 }] },
        "an old epoch that is the newest": { epochs: [{ ...epoch, wrapped: "00".repeat(48), accepted: [] }] },
        "no MAC": { mac: null },
        "another kdf": { passphrase: { ...wrap, kdf: "md5" } },
        "a cost of terabytes": { passphrase: { ...wrap, n: 2 ** 40 } },
        "a cost of a gigabyte": { passphrase: { ...wrap, n: 2 ** 20, r: 8 } },
        "a cost that is no power of two": { passphrase: { ...wrap, n: 2 ** 17 + 1 } },
        "a cost that is nothing": { passphrase: { ...wrap, n: 1 } },
        "many rounds": { passphrase: { ...wrap, p: 1000 } },
        "a short salt": { passphrase: { ...wrap, salt: "" } },
        "encryption taken away": { cipher: "none" }
      }
      expect(yield* VaultDescriptor.decode(newDocument({}))).toEqual(encrypted)
      expect((yield* VaultDescriptor.decode(newDocument({ passphrase: wrap }))).passphrase).toEqual(wrap)
      for (const [what, change] of Object.entries(changes)) {
        const error = yield* failureOf(VaultDescriptor.decode(newDocument(change)))
        expect([what, error.reason]).toEqual([what, "Corrupt"])
      }
    })
  )

  it.effect("that is something else, too large or deeply nested is refused at little cost", () =>
    Effect.gen(function* () {
      const others = [
        "",
        "{}",
        "[]",
        "null",
        "<html>captive portal</html>",
        '{"format":"hx-export"}',
        "[".repeat(900_000)
      ]
      for (const text of others) {
        expect((yield* failureOf(VaultDescriptor.decode(Buffer.from(text)))).reason).toBe("NotADescriptor")
      }
      const large = Buffer.alloc(VaultDescriptor.MAX_DESCRIPTOR_BYTES + 1, 0x20)
      expect((yield* failureOf(VaultDescriptor.decode(large))).reason).toBe("TooLarge")
    })
  )
})

describe("verifying a descriptor", () => {
  it("tells the right key, a wrong key and tampering apart", () => {
    expect(VaultDescriptor.verify(encrypted, KEY)).toBe("Ok")
    expect(VaultDescriptor.verify(encrypted, OTHER_KEY)).toBe("WrongVaultKey")
    expect(VaultDescriptor.verify(rotated, OTHER_KEY)).toBe("Ok")
    expect(VaultDescriptor.verify(rotated, KEY)).toBe("WrongVaultKey")
    expect(VaultDescriptor.verify(plain, null)).toBe("Ok")
  })

  it("notices every member that somebody without the key has changed", () => {
    const changes: ReadonlyArray<Partial<VaultDescriptor.VaultDescriptor>> = [
      { sequence: 9 },
      { created: "2026-11-22T17:51:00.001Z" },
      { extra: { more: 1 } },
      { passphrase: { kdf: "scrypt", ...CHEAP, salt: "00".repeat(32), wrapped: "00".repeat(48) } },
      { epochs: rotated.epochs.map((record) => ({ ...record, accepted: record.accepted && [] })) },
      { mac: "00".repeat(32) },
      { mac: null }
    ]
    for (const change of changes) expect(VaultDescriptor.verify({ ...rotated, ...change }, OTHER_KEY)).toBe("Tampered")
    expect(VaultDescriptor.verify({ ...rotated, vault: OTHER_VAULT }, OTHER_KEY)).not.toBe("Ok")
  })

  it("takes an unencrypted descriptor for tampering where a key is held, and an encrypted one where none is", () => {
    expect(VaultDescriptor.verify(plain, KEY)).toBe("Tampered")
    expect(VaultDescriptor.verify(encrypted, null)).toBe("Tampered")
  })
})

describe("the keys of a vault", () => {
  it("of older epochs come from the newest", () => {
    const third = VaultDescriptor.rotate(rotated, { oldKey: OTHER_KEY, newKey: bytesOf(77, 32), accepted: [], at: AT })
    const keys = VaultDescriptor.keyringOf(third, bytesOf(77, 32))
    expect(keys?.epoch).toBe(3)
    expect([1, 2, 3].map((epoch) => Buffer.from(keys?.keys.get(epoch) ?? []))).toEqual(
      [KEY, OTHER_KEY, bytesOf(77, 32)].map((key) => Buffer.from(key))
    )
    expect(third.sequence).toBe(3)
    expect(third.epochs.map((record) => record.accepted)).toEqual([rotated.epochs[0]?.accepted, [], null])
  })

  it("of a newer epoch do not come from an older one", () => {
    expect(VaultDescriptor.keyringOf(rotated, KEY)).toBeNull()
  })

  it("are none where nothing is encrypted", () => {
    expect(VaultDescriptor.keyringOf(plain, null)).toEqual({
      vaultId: VAULT,
      encrypted: false,
      epoch: 0,
      keys: new Map()
    })
    expect(VaultDescriptor.keyringOf(encrypted, null)).toBeNull()
  })
})

describe("a passphrase", () => {
  it.effect("opens the vault, however its letters are composed; another does not", () =>
    Effect.gen(function* () {
      const options = { passphrase: "Größe\u0301", salt: SALT, cost: CHEAP }
      const wrapped = yield* VaultDescriptor.wrapWithPassphrase(encrypted, KEY, options)
      expect([wrapped.sequence, VaultDescriptor.verify(wrapped, KEY)]).toEqual([2, "Ok"])
      const key = yield* VaultDescriptor.unlockWithPassphrase(wrapped, "Gro\u0308ße\u0301".normalize("NFD"))
      expect(Buffer.from(key)).toEqual(Buffer.from(KEY))
      expect((yield* failureOf(VaultDescriptor.unlockWithPassphrase(wrapped, "Grosse"))).reason).toBe("WrongPassphrase")
      expect((yield* failureOf(VaultDescriptor.unlockWithPassphrase(encrypted, "x"))).reason).toBe("NotSet")
      expect(VaultDescriptor.withoutPassphrase(wrapped, KEY).passphrase).toBeNull()
    })
  )

  it.effect("of a vault does not open another vault, nor the next epoch", () =>
    Effect.gen(function* () {
      const wrapped = yield* VaultDescriptor.wrapWithPassphrase(encrypted, KEY, {
        passphrase: "p",
        salt: SALT,
        cost: CHEAP
      })
      const moved = { ...wrapped, vault: OTHER_VAULT }
      expect((yield* failureOf(VaultDescriptor.unlockWithPassphrase(moved, "p"))).reason).toBe("WrongPassphrase")
      const next = VaultDescriptor.rotate(wrapped, { oldKey: KEY, newKey: OTHER_KEY, accepted: [], at: AT })
      expect(next.passphrase).toBeNull()
    })
  )

  it.effect("costs what the design says unless told otherwise", () =>
    Effect.gen(function* () {
      const wrapped = yield* VaultDescriptor.wrapWithPassphrase(encrypted, KEY, { passphrase: "p", salt: SALT })
      expect(wrapped.passphrase).toMatchObject({ kdf: "scrypt", n: 131072, r: 8, p: 1 })
      expect(Buffer.from(yield* VaultDescriptor.unlockWithPassphrase(wrapped, "p"))).toEqual(Buffer.from(KEY))
    })
  )
})

/** The encrypted vault's document with members changed, and a checksum that fits: what somebody without the key can make. */
const newDocument = (change: object): Uint8Array => {
  const { checksum: _checksum, ...document } = { ...(JSON.parse(textOf(encrypted)) as JsonObject), ...change }
  const checksum = createHash("sha256").update(canonicalJson(document)).digest("hex")
  return Buffer.from(readableJson({ ...document, checksum }))
}
