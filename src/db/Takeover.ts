/**
 * Taking another device's log over: what it says, and this log does not, becomes operations of this log.
 *
 * What it says is gathered first, piece by piece as the log is read, in tables of this connection that vanish with it: ids, identities and rules only, no
 * text. So a log of any length costs little memory, an interrupted run leaves nothing, and what is appended is worked out at once, by set.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { EntryId } from "../domain/EntryId.ts"
import { type ForgetRule, smallRules } from "../domain/ForgetRule.ts"
import { identityOf, type Operation, type OperationIdentity } from "../domain/Operation.ts"
import { type Connection, rows } from "./Connection.ts"
import { intern } from "./Dictionary.ts"
import type { Finish } from "./Finishes.ts"
import { append, endOfLog, ownTerm } from "./Operations.ts"
import { KIND } from "./Schema.ts"

export const gather = Effect.fnUntraced(function* (
  connection: Connection,
  operations: ReadonlyArray<Operation>
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  yield* prepare(connection)
  const adds = operations.flatMap((operation) => (operation.kind === "add" ? [operation.entry] : []))
  const terms = yield* intern(connection, "terms", new Set(adds.map(({ device }) => device)))
  yield* sql`
    INSERT OR IGNORE INTO temp.gathered_adds (id, device)
    SELECT unhex(value ->> 0), value ->> 1
    FROM json_each(${JSON.stringify(adds.map(({ device, id }) => [id, terms.get(device)]))})`
  const others = operations.flatMap((operation) => (operation.kind === "add" ? [] : [rowOf(operation)]))
  yield* sql`
    INSERT OR IGNORE INTO temp.gathered_others (identity, kind, body)
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(others)})`
})

export const adoptGathered = Effect.fnUntraced(function* (
  connection: Connection,
  published: number
): Effect.fn.Return<number, SqlError> {
  const { sql } = connection
  yield* prepare(connection)
  const end = yield* endOfLog(connection)
  const own = yield* ownTerm(connection)
  yield* sql`
    INSERT INTO operations (number, kind, entry, device)
    SELECT ${end} + row_number() OVER (ORDER BY seq, device), ${KIND.add}, seq, nullif(device, ${own}) FROM (
      SELECT e.seq, g.device FROM temp.gathered_adds g CROSS JOIN entries e ON e.id = g.id
      EXCEPT SELECT entry, coalesce(device, ${own}) FROM operations WHERE kind = ${KIND.add}
    )`
  yield* adoptFinishes(connection, published)
  yield* adoptRules(connection)
  yield* sql`DELETE FROM temp.gathered_adds`
  yield* sql`DELETE FROM temp.gathered_others`
  return (yield* endOfLog(connection)) - end
})

const prepare = Effect.fnUntraced(function* ({ sql }: Connection): Effect.fn.Return<void, SqlError> {
  yield* sql`
    CREATE TEMP TABLE IF NOT EXISTS gathered_adds (id BLOB, device INTEGER, PRIMARY KEY (id, device)) WITHOUT ROWID`
  yield* sql`
    CREATE TEMP TABLE IF NOT EXISTS gathered_others (identity BLOB PRIMARY KEY, kind INTEGER, body TEXT) WITHOUT ROWID`
})

const rowOf = (operation: Exclude<Operation, { kind: "add" }>) => {
  const identity = identityOf(operation)
  switch (operation.kind) {
    case "finish": {
      const { duration, exit, id } = operation
      return [identity, KIND.finish, JSON.stringify({ id, exit, duration } satisfies Finish)]
    }
    case "forget":
      return [identity, KIND.forget, JSON.stringify(operation.rule)]
    case "purged":
      return [identity, KIND.purged, null]
  }
}

/** An entry that an unpublished operation adds is told as it is now, with its end; one that is forgotten has none. */
const adoptFinishes = Effect.fnUntraced(function* (
  connection: Connection,
  published: number
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const wanted = yield* rows<readonly [string, number | null]>(sql`
    SELECT g.body, e.seq FROM temp.gathered_others g LEFT JOIN entries e ON e.id = unhex(g.body ->> 'id')
    WHERE g.kind = ${KIND.finish}
      AND g.identity NOT IN (SELECT identity FROM operations WHERE kind = ${KIND.finish})
      AND (e.seq IS NOT NULL OR unhex(g.body ->> 'id') IN (SELECT id FROM pending_finishes))
      AND (e.seq IS NULL OR e.seq NOT IN (
        SELECT entry FROM operations WHERE number > ${published} AND kind = ${KIND.add}
      ))
    ORDER BY g.identity`)
  for (const [body, seq] of wanted) {
    yield* append(connection, { kind: "finish", ...(JSON.parse(body) as Finish) }, body, seq)
  }
})

/** Rules as they were issued; and, of what is purged there, the ids that no rule of this log names. */
const adoptRules = Effect.fnUntraced(function* (connection: Connection): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const forget = sql.literal(String(KIND.forget))
  const issued = yield* rows<readonly [string]>(sql`
    SELECT body FROM temp.gathered_others g WHERE g.kind = ${forget}
      AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.kind = ${forget} AND o.identity = g.identity)
    ORDER BY g.identity`)
  for (const [body] of issued) {
    yield* append(connection, { kind: "forget", rule: JSON.parse(body) as ForgetRule }, body, null)
  }
  const purged = yield* rows<readonly [OperationIdentity]>(sql`
    SELECT lower(hex(identity)) FROM temp.gathered_others WHERE kind = ${KIND.purged}
      AND identity NOT IN (SELECT identity FROM operations WHERE kind = ${KIND.purged})
    ORDER BY identity`)
  if (purged.length === 0) return
  const bodies = yield* rows<readonly [string]>(sql`SELECT body FROM operations WHERE kind = ${forget}`)
  const named = new Set<string>(bodies.flatMap(([body]) => (JSON.parse(body) as ForgetRule).ids))
  const ids = purged.flatMap(([identity]) => (named.has(identity) ? [] : [identity as EntryId]))
  for (const rule of smallRules({ ids, twins: [], windows: [] })) {
    yield* append(connection, { kind: "forget", rule }, JSON.stringify(rule), null)
  }
})
