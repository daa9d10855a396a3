/** What vault.json says of epochs that are over: see VaultDescriptor.ts. */

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { describe, expect } from "vitest"
import { canonicalJson, type JsonObject, readableJson } from "../../src/format/Json.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"
import { bytesOf, DEVICE, failureOf, KEY, OTHER_DEVICE, OTHER_KEY, VAULT } from "./Samples.ts"

const AT = 1_763_834_400_000_000
const [OLD, COPY] = ["0d".repeat(32), "c0".repeat(32)]

const created = VaultDescriptor.create({ vaultId: VAULT, key: KEY, at: AT })
const rotated = VaultDescriptor.rotate(created, {
  oldKey: KEY,
  newKey: OTHER_KEY,
  accepted: [
    { device: DEVICE, sequence: 41 },
    { device: DEVICE, sequence: 40 },
    { device: OTHER_DEVICE, sequence: 7 }
  ],
  objects: [
    { device: DEVICE, sha256: OLD },
    { device: DEVICE, sha256: COPY }
  ],
  at: AT + 60_000_000
})
const manifest = { epoch: 1, device: DEVICE, sequence: 41, sha256: OLD }

describe("under a key that is over", () => {
  it("only the very manifests are accepted that are named, with their number and digest", () => {
    const accepts = (change: Partial<typeof manifest>) => VaultDescriptor.accepts(rotated, { ...manifest, ...change })
    expect(accepts({})).toBe(true)
    expect(accepts({ sequence: 40, sha256: COPY })).toBe(true)
    expect(accepts({ sequence: 42 })).toBe(false)
    expect(accepts({ sequence: 39 })).toBe(false)
    expect(accepts({ sha256: "ff".repeat(32) })).toBe(false)
    expect(accepts({ epoch: 2 })).toBe(false)
    expect(accepts({ epoch: 0 })).toBe(false)
    expect(accepts({ device: "ee".repeat(16) as typeof DEVICE })).toBe(false)
  })

  it("a device of which no digest is named is accepted by its number", () => {
    const other = { epoch: 1, device: OTHER_DEVICE, sequence: 7, sha256: OLD }
    expect(VaultDescriptor.accepts(rotated, other)).toBe(true)
    expect(VaultDescriptor.accepts(rotated, { ...other, sequence: 8 })).toBe(false)
  })

  it("what is accepted and the proof are what the MAC of the new key says", () => {
    const changes: ReadonlyArray<Partial<VaultDescriptor.VaultDescriptor>> = [
      { rotations: [] },
      { rotations: rotated.rotations.map((each) => ({ ...each, objects: [] })) },
      { rotations: rotated.rotations.map((each) => ({ ...each, proof: "00".repeat(32) })) }
    ]
    expect(VaultDescriptor.verify(rotated, OTHER_KEY)).toBe("Ok")
    for (const change of changes) expect(VaultDescriptor.verify({ ...rotated, ...change }, OTHER_KEY)).toBe("Tampered")
  })
})

describe("a rotation proves itself to who has the old key", () => {
  it("and to nobody else; not where the new key, its number or its time were changed", () => {
    expect(VaultDescriptor.provesRotation(rotated, 1, KEY)).toBe(true)
    expect(VaultDescriptor.provesRotation(rotated, 1, OTHER_KEY)).toBe(false)
    expect(VaultDescriptor.provesRotation(rotated, 2, OTHER_KEY)).toBe(false)
    expect(VaultDescriptor.provesRotation(created, 1, KEY)).toBe(false)
    for (const change of [{ check: "00".repeat(16) }, { epoch: 3 }, { created: "2026-11-22T00:00:00.000Z" }]) {
      const epochs = rotated.epochs.map((each) => (each.epoch === 2 ? { ...each, ...change } : each))
      expect(VaultDescriptor.provesRotation({ ...rotated, epochs }, 1, KEY)).toBe(false)
    }
  })
})

describe("vault.json with rotations", () => {
  it.effect("gives back what was written, and is written as ever", () =>
    Effect.gen(function* () {
      const third = VaultDescriptor.rotate(rotated, {
        oldKey: OTHER_KEY,
        newKey: bytesOf(77, 32),
        accepted: [],
        at: AT
      })
      for (const descriptor of [rotated, third]) {
        const bytes = VaultDescriptor.encode(descriptor)
        expect(yield* VaultDescriptor.decode(bytes)).toEqual(descriptor)
      }
      // Of format version 1, for ever.
      const digest = createHash("sha256").update(VaultDescriptor.encode(third)).digest("hex")
      expect(digest).toBe("a8da6eed7c944860d389da9f4e957d6ecfb28941766ebeb7b6da2a6d7770674b")
      const text = Buffer.from(VaultDescriptor.encode(third)).toString("utf8")
      for (const key of [KEY, OTHER_KEY]) expect(text).not.toContain(Buffer.from(key).toString("hex").slice(0, 12))
    })
  )

  it.effect("is read without them, as it was written before there were any", () =>
    Effect.gen(function* () {
      const { rotations: _rotations, ...rest } = JSON.parse(
        Buffer.from(VaultDescriptor.encode(rotated)).toString("utf8")
      ) as JsonObject
      expect((yield* VaultDescriptor.decode(documentOf(rest))).rotations).toEqual([])
    })
  )

  it.effect("that do not fit its epochs is refused", () =>
    Effect.gen(function* () {
      const document = JSON.parse(Buffer.from(VaultDescriptor.encode(rotated)).toString("utf8")) as JsonObject
      const [rotation] = document["rotations"] as unknown as ReadonlyArray<JsonObject>
      const changes: Readonly<Record<string, unknown>> = {
        "none at all": [],
        "of the newest epoch": [{ ...rotation, epoch: 2 }],
        "of no epoch": [{ ...rotation, epoch: 0 }],
        "twice the same": [rotation, rotation],
        "with a short digest": [{ ...rotation, objects: [{ device: DEVICE, sha256: "00" }] }],
        "of a path": [{ ...rotation, objects: [{ device: "../".repeat(11).slice(0, 32), sha256: OLD }] }],
        "with more than is known": [{ ...rotation, more: 1 }],
        "as text": "rotations"
      }
      for (const [what, rotations] of Object.entries(changes)) {
        const { reason } = yield* failureOf(
          VaultDescriptor.decode(documentOf({ ...document, rotations } as JsonObject))
        )
        expect([what, reason]).toEqual([what, "Corrupt"])
      }
    })
  )
})

/** With a checksum that fits. */
const documentOf = ({ checksum: _checksum, ...rest }: JsonObject): Uint8Array =>
  Buffer.from(readableJson({ ...rest, checksum: createHash("sha256").update(canonicalJson(rest)).digest("hex") }))
