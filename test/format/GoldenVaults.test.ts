/** Vaults written by the first hx that had format version 1. Every later one has to read them; they are never made anew (golden/make.ts). */

import { it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { DeviceId } from "../../src/domain/Device.ts"
import { makeHistoryDigest } from "../../src/domain/HistoryDigest.ts"
import { blockStart, CHAIN_BLOCK, chainHash, emptyChain, extendChain } from "../../src/domain/LogChain.ts"
import { identityOf, type Operation } from "../../src/domain/Operation.ts"
import { manifestContext, MAX_PLAINTEXT, open, segmentContext } from "../../src/format/Envelope.ts"
import type { Keyring } from "../../src/format/Keyring.ts"
import * as Manifest from "../../src/format/Manifest.ts"
import * as RecoveryKey from "../../src/format/RecoveryKey.ts"
import { plaintextHash } from "../../src/format/Segment.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"

const GOLDEN = join(import.meta.dirname, "golden", "v1")
const read = (...path: ReadonlyArray<string>): Uint8Array => readFileSync(join(GOLDEN, ...path))

const [sum, ...expected] = readFileSync(join(GOLDEN, "expected.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as unknown)

const recoveryKey = Either.getOrThrow(RecoveryKey.parse(Buffer.from(read("encrypted", "recovery-key")).toString()))

const readLog = Effect.fn("readLog")(function* (vault: string, keyring: Keyring, device: DeviceId) {
  const sealed = read(vault, "manifests", `${device}.hxm`)
  const plaintext = yield* open(sealed, manifestContext(device), keyring, { maxPlaintext: MAX_PLAINTEXT })
  const manifest = yield* Manifest.decode(plaintext, device)
  const operations: Array<Operation> = []
  for (const ref of manifest.segments) {
    const object = read(vault, "segments", device, `${ref.id}.hxs`)
    const segment = yield* open(object, segmentContext(device, ref.id), keyring, { maxPlaintext: ref.size })
    expect([object.length, segment.length, plaintextHash(segment)]).toEqual([ref.sealed, ref.size, ref.sha256])
    expect(ref.first).toBe(operations.length + 1)
    operations.push(...readSegment(segment, device))
    expect([ref.last, ref.chain]).toEqual([operations.length, chainOf(device, operations)])
  }
  operations.push(...readSegment(manifest.tail, device))
  expect([manifest.last, manifest.chain]).toEqual([operations.length, chainOf(device, operations)])
  return { manifest, operations }
})

const chainOf = (device: DeviceId, operations: ReadonlyArray<Operation>): string => {
  const identities = operations.map(identityOf)
  const start = blockStart(identities.length)
  let block = emptyChain(device)
  for (let at = 0; at < start; at += CHAIN_BLOCK) block = extendChain(block, identities.slice(at, at + CHAIN_BLOCK))
  return chainHash(extendChain(block, identities.slice(start)))
}

describe.each(["encrypted", "plain"])("the golden vault of version 1 that is %s", (vault) => {
  const key = vault === "encrypted" ? recoveryKey.key : null

  it.effect(
    "is read to the last byte: keys, manifests, segments, chain, every operation, and the digest of it all",
    () =>
      Effect.gen(function* () {
        const descriptor = yield* VaultDescriptor.decode(read(vault, "vault.json"))
        expect(VaultDescriptor.verify(descriptor, key)).toBe("Ok")
        const keyring = VaultDescriptor.keyringOf(descriptor, key)
        if (keyring === null) return expect.unreachable("a verified descriptor gives its keys")
        const lines: Array<unknown> = []
        const digest = makeHistoryDigest()
        const seen = new Set<string>()
        const devices = readdirSync(join(GOLDEN, vault, "manifests")).map((name) => DeviceId(name.slice(0, 32)))
        for (const device of devices.sort().reverse()) {
          const { manifest, operations } = yield* readLog(vault, keyring, device)
          lines.push({ device, label: manifest.label }, ...operations)
          for (const operation of operations) {
            if (operation.kind !== "add" || seen.has(operation.entry.id)) continue
            seen.add(operation.entry.id)
            digest.add(operation.entry)
          }
        }
        expect(lines).toEqual(expected)
        expect({ entries: seen.size, digest: digest.value() }).toEqual(sum)
      })
  )
})

describe("the keys of the golden vault of version 1", () => {
  it.effect("come from its recovery key and from its passphrase", () =>
    Effect.gen(function* () {
      const descriptor = yield* VaultDescriptor.decode(read("encrypted", "vault.json"))
      expect([recoveryKey.epoch, RecoveryKey.matches(recoveryKey, descriptor.vault)]).toEqual([descriptor.epoch, true])
      const passphrase = Buffer.from(read("encrypted", "passphrase")).toString("utf8").trimEnd()
      const unlocked = yield* VaultDescriptor.unlockWithPassphrase(descriptor, passphrase)
      expect(Buffer.from(unlocked)).toEqual(Buffer.from(recoveryKey.key))
      expect(VaultDescriptor.encode(descriptor)).toEqual(read("encrypted", "vault.json"))
    })
  )
})
