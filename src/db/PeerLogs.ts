/** Other devices' logs: what has been applied of each, and what sync remembers of it. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { Operation } from "../domain/Operation.ts"
import { absorb, nothing, sum } from "./Absorb.ts"
import { type Connection, rows, scalar } from "./Connection.ts"
import { dbError } from "./DbError.ts"
import { absorbFinishes } from "./Finishes.ts"
import type { Absorbed, OperationRange, PeerLogs } from "./HistoryDb.ts"
import { forgetIds } from "./Removal.ts"
import { applyRules } from "./Rules.ts"

export const makePeerLogs = (connection: Connection): PeerLogs => {
  const { sql, transaction } = connection
  const failing = Effect.mapError(dbError(connection.path))

  return {
    all: Effect.map(
      rows<readonly [DeviceId, string]>(sql`SELECT lower(hex(log)), state FROM peers ORDER BY log`),
      (found) => found.map(([log, state]) => ({ log, state }))
    ).pipe(failing, Effect.withSpan("PeerLogs.all")),

    get: Effect.fn("PeerLogs.get")((log: DeviceId) =>
      Effect.map(scalar<string>(sql`SELECT state FROM peers WHERE log = unhex(${log})`), Option.fromNullable).pipe(
        failing
      )
    ),

    put: Effect.fn("PeerLogs.put")((log: DeviceId, state: string) =>
      sql`INSERT INTO peers (log, state) VALUES (unhex(${log}), ${state}) ON CONFLICT (log) DO UPDATE SET state = excluded.state`.pipe(
        Effect.asVoid,
        transaction,
        failing
      )
    ),

    ranges: Effect.fn("PeerLogs.ranges")((log: DeviceId) => rangesOf(connection, log).pipe(failing)),

    apply: Effect.fn("PeerLogs.apply")(function* (log: DeviceId, first: number, operations: ReadonlyArray<Operation>) {
      if (operations.length === 0) return nothing
      const range = { first, last: first + operations.length - 1 }
      return yield* absorbOperations(connection, operations).pipe(
        Effect.zipLeft(markApplied(connection, log, range)),
        transaction,
        failing
      )
    }),

    restart: Effect.fn("PeerLogs.restart")((log: DeviceId) =>
      sql`DELETE FROM applied WHERE log = unhex(${log})`.pipe(
        Effect.zipRight(sql`DELETE FROM peers WHERE log = unhex(${log})`),
        Effect.asVoid,
        transaction,
        failing
      )
    ),

    restartAll: sql`DELETE FROM applied`.pipe(
      Effect.zipRight(sql`DELETE FROM peers`),
      Effect.asVoid,
      transaction,
      failing,
      Effect.withSpan("PeerLogs.restartAll")
    )
  }
}

/**
 * Any order gives the same history; this one keeps what is forgotten from being written at all. A purged operation says that the entry of its
 * identity is forgotten: its device may have known a capture that lay in a window and that no log names any more.
 */
const absorbOperations = Effect.fnUntraced(function* (
  connection: Connection,
  operations: ReadonlyArray<Operation>
): Effect.fn.Return<Absorbed, SqlError> {
  const rules = operations.flatMap((operation) => (operation.kind === "forget" ? [operation.rule] : []))
  const purged = operations.flatMap((operation) => (operation.kind === "purged" ? [operation.identity as EntryId] : []))
  const entries = operations.flatMap((operation) => (operation.kind === "add" ? [operation.entry] : []))
  const finishes = operations.flatMap((operation) => (operation.kind === "finish" ? [operation] : []))
  const removed = (yield* applyRules(connection, rules)) + (yield* forgetIds(connection, purged))
  const { absorbed } = yield* absorb(connection, entries, false)
  const merged = yield* absorbFinishes(connection, finishes)
  return sum(absorbed, { ...nothing, removed, merged })
})

const rangesOf = ({ sql }: Connection, log: DeviceId) =>
  Effect.map(
    rows<readonly [number, number]>(sql`SELECT first, last FROM applied WHERE log = unhex(${log}) ORDER BY first`),
    (found) => found.map(([first, last]): OperationRange => ({ first, last }))
  )

/** Joins the range with those it overlaps or touches. */
export const markApplied = Effect.fnUntraced(function* (
  connection: Connection,
  log: DeviceId,
  range: OperationRange
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const touching = (yield* rangesOf(connection, log)).filter(
    (each) => each.first <= range.last + 1 && each.last >= range.first - 1
  )
  yield* sql`
    DELETE FROM applied WHERE log = unhex(${log})
      AND first IN (SELECT value FROM json_each(${JSON.stringify(touching.map((each) => each.first))}))`
  const first = Math.min(range.first, ...touching.map((each) => each.first))
  const last = Math.max(range.last, ...touching.map((each) => each.last))
  yield* sql`INSERT INTO applied (log, first, last) VALUES (unhex(${log}), ${first}, ${last})`
})
