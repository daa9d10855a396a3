/** The running hash of a log (LogChain.ts) as its operations go by: constant memory, whatever the log's length. */

import type { DeviceId } from "./Device.ts"
import { type BlockHash, CHAIN_BLOCK, type ChainHash, chainHash, emptyChain, extendChain } from "./LogChain.ts"
import type { OperationIdentity } from "./Operation.ts"

export class RunningChain {
  private block: BlockHash
  private pending: Array<OperationIdentity> = []

  /** Before the first operation. */
  constructor(device: DeviceId) {
    this.block = emptyChain(device)
  }

  add(identity: OperationIdentity): void {
    this.pending.push(identity)
    if (this.pending.length < CHAIN_BLOCK) return
    this.block = extendChain(this.block, this.pending)
    this.pending = []
  }

  /** R(n) after n operations. */
  get current(): ChainHash {
    return chainHash(this.pending.length === 0 ? this.block : extendChain(this.block, this.pending))
  }
}
