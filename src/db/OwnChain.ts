/** The running hash of this device's log, see LogChain.ts. The hash of each full block is kept once it has been worked out. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type BlockHash, blockStart, CHAIN_BLOCK, chainHash, emptyChain, extendChain } from "../domain/LogChain.ts"
import type { OperationIdentity } from "../domain/Operation.ts"
import { type Connection, rows } from "./Connection.ts"
import { dbError } from "./DbError.ts"
import type { OwnLog } from "./HistoryDb.ts"
import { deviceId } from "./ThisDevice.ts"

export const makeChain = (connection: Connection): Pick<OwnLog, "identities" | "chainAt"> => {
  const failing = Effect.mapError(dbError(connection.path))
  return {
    identities: Effect.fn("OwnLog.identities")((first: number, last: number) =>
      identities(connection, first, last).pipe(failing)
    ),
    chainAt: Effect.fn("OwnLog.chainAt")(function* (n: number) {
      const start = blockStart(n)
      const block = yield* blockAt(connection, start / CHAIN_BLOCK).pipe(failing)
      if (n === 0) return chainHash(block)
      return chainHash(extendChain(block, yield* identities(connection, start + 1, n).pipe(failing)))
    })
  }
}

const identities = ({ sql }: Connection, first: number, last: number) =>
  Effect.map(
    rows<readonly [OperationIdentity]>(sql`
      SELECT lower(hex(coalesce(o.identity, e.id))) FROM operations o LEFT JOIN entries e ON e.seq = o.entry
      WHERE o.number BETWEEN ${first} AND ${last} ORDER BY o.number`),
    (found) => found.map(([identity]) => identity)
  )

/** Blocks hashed and written in one go. */
const STRIDE = 256

/** C at the end of the block with this number; 0 is the empty chain. */
const blockAt = Effect.fnUntraced(function* (connection: Connection, wanted: number) {
  const { sql } = connection
  if (wanted === 0) return emptyChain(yield* deviceId(connection))
  const [[known, knownHash] = [0, emptyChain(yield* deviceId(connection))]] = yield* rows<
    readonly [number, BlockHash]
  >(sql`
    SELECT block, lower(hex(hash)) FROM chain_blocks WHERE block <= ${wanted} ORDER BY block DESC LIMIT 1`)
  let hash = knownHash
  for (let from = known; from < wanted; from += STRIDE) {
    const to = Math.min(from + STRIDE, wanted)
    const made = extendBlocks(hash, from, yield* blocksOf(connection, from, to))
    hash = made.at(-1)![1]
    yield* sql`
      INSERT OR IGNORE INTO chain_blocks (block, hash)
      SELECT value ->> 0, unhex(value ->> 1) FROM json_each(${JSON.stringify(made)})`
  }
  return hash
})

/** The identities of whole blocks, those of each block written one after the other. */
const blocksOf = ({ sql }: Connection, from: number, to: number): Effect.Effect<ReadonlyArray<string>, SqlError> =>
  Effect.map(
    rows<readonly [string]>(sql`
      SELECT group_concat(identity, '') FROM (
        SELECT (o.number - 1) / ${sql.literal(String(CHAIN_BLOCK))} AS block, lower(hex(coalesce(o.identity, e.id))) AS identity
        FROM operations o LEFT JOIN entries e ON e.seq = o.entry
        WHERE o.number > ${from * CHAIN_BLOCK} AND o.number <= ${to * CHAIN_BLOCK} ORDER BY o.number
      ) GROUP BY block ORDER BY block`),
    (found) => found.map(([joined]) => joined)
  )

const extendBlocks = (previous: BlockHash, from: number, blocks: ReadonlyArray<string>): Array<[number, BlockHash]> => {
  let hash = previous
  return blocks.map((joined, index) => {
    hash = extendChain(hash, [joined])
    return [from + index + 1, hash]
  })
}
