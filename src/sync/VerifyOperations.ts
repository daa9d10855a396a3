/** Proving a run of operations: that each decodes, that they are as many as is said, that the log's running hash is theirs, and that they are applied here. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { identityOf, type Operation } from "../domain/Operation.ts"
import { RunningChain } from "../domain/RunningChain.ts"
import { SegmentError } from "../format/Segment.ts"
import type { SegmentReader } from "../format/SegmentReader.ts"
import { breathe } from "../platform/EventLoop.ts"
import { covers } from "./LogPlan.ts"
import type { ReadLog } from "./VerifyManifests.ts"

/** A log while it is being proved. */
export interface LogProof {
  readonly log: ReadLog
  /** Null after a gap: what follows it cannot be hashed on. */
  chain: RunningChain | null
}

export const beginProof = (log: ReadLog): LogProof => ({ log, chain: new RunningChain(log.device) })

export interface WalkedRun {
  /** Operations that are not purged. */
  readonly kept: number
  /** Entries of operations applied here that this device's database does not have as they are. */
  readonly lacking: number
}

/** Operations taken at once. */
const BATCH = 5_000

/** Goes through operations `first`.. of the logs, which all name them. Fails where one does not decode. */
export const walkOperations = Effect.fn("VerifyOperations.walk")(function* (
  proofs: ReadonlyArray<LogProof>,
  first: number,
  operations: SegmentReader,
  onProved: (operations: number) => void
) {
  const iterator = operations[Symbol.iterator]()
  let [kept, lacking, next] = [0, 0, first]
  for (;;) {
    const batch = yield* takeBatch(iterator)
    if (batch.length === 0) return { kept, lacking } satisfies WalkedRun as WalkedRun
    for (const operation of batch) {
      if (operation.kind !== "purged") kept++
      const identity = identityOf(operation)
      for (const proof of proofs) proof.chain?.add(identity)
    }
    lacking += yield* lackingHere(proofs, next, batch)
    next += batch.length
    onProved(batch.length)
    yield* breathe
  }
})

/** What applying them again would change: nothing, where the database has what it says to have applied. The rehearsal is rolled back. */
const lackingHere = Effect.fnUntraced(function* (
  proofs: ReadonlyArray<LogProof>,
  first: number,
  batch: ReadonlyArray<Operation>
) {
  const last = first + batch.length - 1
  const applied = proofs.find(({ log }) => covers(log.applied, first, last))
  if (applied === undefined) return 0
  const db = yield* HistoryDb
  const { added, merged, removed } = yield* db.rehearse(db.peers.apply(applied.log.log, first, batch))
  return added + merged + removed
})

const takeBatch = (iterator: Iterator<Operation>): Effect.Effect<ReadonlyArray<Operation>, SegmentError> =>
  Effect.try({
    try: () => {
      const batch: Array<Operation> = []
      while (batch.length < BATCH) {
        const next = iterator.next()
        if (next.done === true) break
        batch.push(next.value)
      }
      return batch
    },
    catch: (cause) =>
      cause instanceof SegmentError ? cause : new SegmentError({ reason: "Malformed", detail: String(cause) })
  })
