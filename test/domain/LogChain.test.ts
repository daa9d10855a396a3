import { it as effectIt } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { DeviceId } from "../../src/domain/Device.ts"
import { blockStart, CHAIN_BLOCK, chainHash, emptyChain, extendChain } from "../../src/domain/LogChain.ts"

const device = DeviceId("0123456789abcdef0123456789abcdef")
const identity = (seed: number): string => createHash("sha256").update(String(seed)).digest("hex").slice(0, 32)

/** R(n) of a log, from its block boundaries. */
const chainAt = (log: ReadonlyArray<string>, n: number): string => {
  let block = emptyChain(device)
  for (let end = CHAIN_BLOCK; end <= blockStart(n); end += CHAIN_BLOCK)
    block = extendChain(block, log.slice(end - CHAIN_BLOCK, end))
  return chainHash(n === 0 ? block : extendChain(block, log.slice(blockStart(n), n)))
}

const log = Array.from({ length: 3 * CHAIN_BLOCK }, (_, n) => identity(n))

describe("LogChain", () => {
  it("starts from the device's own hash", () => {
    const start = createHash("sha256").update(`hx.log.1${device}`).digest("hex")
    expect(chainAt([], 0)).toBe(start.slice(0, 32))
    expect(chainAt(log, 1)).toBe(
      createHash("sha256")
        .update(Buffer.from(start + identity(0), "hex"))
        .digest("hex")
        .slice(0, 32)
    )
  })

  it("at the end of a block is the block's own hash", () => {
    const block = extendChain(emptyChain(device), log.slice(0, CHAIN_BLOCK))
    expect(blockStart(CHAIN_BLOCK)).toBe(0)
    expect(blockStart(CHAIN_BLOCK + 1)).toBe(CHAIN_BLOCK)
    expect(chainAt(log, CHAIN_BLOCK)).toBe(chainHash(block))
  })

  effectIt.prop(
    "differs from the first operation on that differs, and not before",
    [fc.integer({ min: 1, max: log.length }), fc.integer({ min: 0, max: log.length })],
    ([changed, n]) => {
      const other = log.with(changed - 1, identity(-changed))
      expect(chainAt(log, n) === chainAt(other, n)).toBe(n < changed)
    }
  )
})
