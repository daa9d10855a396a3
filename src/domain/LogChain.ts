/**
 * The running hash of a log: two logs with the same hash at operation n have the same operations 1..n (by identity).
 *
 * Logs are hashed in blocks of 256 operations, so that the hash at any n costs one short SHA-256 from the last full block, and that the
 * hash does not depend on how the log was cut into segments. With C(0) = SHA-256("hx.log.1" ‖ device id, both ASCII):
 *
 *     C(256·k)  = SHA-256( C(256·(k-1)) ‖ identities of the 256 operations up to 256·k )
 *     R(n)      = the first 128 bits of SHA-256( C(256·⌊(n-1)/256⌋) ‖ identities of the operations after that block, up to n )
 *
 * Identities are 16 bytes each. R(0) is the first 128 bits of C(0).
 */

import { createHash } from "node:crypto"
import type { DeviceId } from "./Device.ts"
import type { OperationIdentity } from "./Operation.ts"

export const CHAIN_BLOCK = 256

/** R(n): 128 bits as 32 lowercase hex digits. */
export type ChainHash = string

/** C(n) at a block boundary: 256 bits as 64 lowercase hex digits. */
export type BlockHash = string

export const emptyChain = (device: DeviceId): BlockHash =>
  createHash("sha256").update("hx.log.1").update(device).digest("hex")

/** The number of operations before the block that operation n lies in: where R(n) starts from. */
export const blockStart = (n: number): number => (n === 0 ? 0 : CHAIN_BLOCK * Math.floor((n - 1) / CHAIN_BLOCK))

/** C at the end of a block, or (first 128 bits) R at any n, from the last block's hash and the identities since. */
export const extendChain = (previous: BlockHash, identities: ReadonlyArray<OperationIdentity>): BlockHash => {
  const sha = createHash("sha256").update(previous, "hex")
  for (const identity of identities) sha.update(identity, "hex")
  return sha.digest("hex")
}

export const chainHash = (block: BlockHash): ChainHash => block.slice(0, 32)
