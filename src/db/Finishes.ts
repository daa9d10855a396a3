/** How an entry ended may be known before the entry is: it waits here, so that nothing depends on which came first. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { EntryId } from "../domain/EntryId.ts"
import { changes, type Connection, rows, scalar } from "./Connection.ts"
import { KIND } from "./Schema.ts"

export interface Finish {
  readonly id: EntryId
  readonly exit: number | null
  readonly duration: number | null
}

/** Takes finishes in; gives the number of entries that know more now. Those of forgotten entries leave no trace. */
export const absorbFinishes = Effect.fnUntraced(function* (
  connection: Connection,
  finishes: ReadonlyArray<Finish>
): Effect.fn.Return<number, SqlError> {
  if (finishes.length === 0) return 0
  const { sql } = connection
  yield* sql`
    INSERT INTO pending_finishes (id, exit, duration)
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2
    FROM json_each(${JSON.stringify(finishes.map(({ duration, exit, id }) => [id, exit, duration]))})
    WHERE unhex(value ->> 0) NOT IN (SELECT id FROM forgotten_ids)
    ON CONFLICT (id) DO UPDATE SET
      exit = ${sql.literal(smaller("exit", "excluded.exit"))},
      duration = ${sql.literal(smaller("duration", "excluded.duration"))}`
  return yield* settlePending(connection, 0)
})

/** Gives waiting finishes to the entries added after row `last`; gives the number of entries that know more now. */
export const settlePending = Effect.fnUntraced(function* (
  connection: Connection,
  last: number
): Effect.fn.Return<number, SqlError> {
  const { sql } = connection
  if ((yield* scalar(sql`SELECT 1 FROM pending_finishes LIMIT 1`)) === undefined) return 0
  const settled = yield* rows<Settled>(sql`
    SELECT e.seq, lower(hex(p.id)), ${sql.literal(smaller("e.exit", "p.exit"))}, ${sql.literal(smaller("e.duration", "p.duration"))}
    FROM pending_finishes p CROSS JOIN entries e ON e.id = p.id WHERE e.seq > ${last}`)
  if (settled.length === 0) return 0
  const list = JSON.stringify(settled)
  const changed = yield* changes(sql`
    UPDATE entries SET exit = j.value ->> 2, duration = j.value ->> 3 FROM json_each(${list}) j
    WHERE entries.seq = j.value ->> 0 AND (entries.exit IS NOT j.value ->> 2 OR entries.duration IS NOT j.value ->> 3)`)
  yield* sql`DELETE FROM pending_finishes WHERE id IN (SELECT unhex(value ->> 1) FROM json_each(${list}))`
  // Own operations that waited with them now have an entry to be purged with.
  if ((yield* scalar(sql`SELECT 1 FROM operations WHERE ${waiting(connection)} LIMIT 1`)) === undefined) return changed
  yield* sql`
    UPDATE operations SET entry = (SELECT value ->> 0 FROM json_each(${list}) WHERE value ->> 1 = body ->> 'id')
    WHERE ${waiting(connection)} AND body ->> 'id' IN (SELECT value ->> 1 FROM json_each(${list}))`
  return changed
})

type Settled = readonly [seq: number, id: EntryId, exit: number | null, duration: number | null]

/** Own finishes whose entry has not come; has an index of its own. */
const waiting = ({ sql }: Connection) => sql`kind = ${sql.literal(String(KIND.finish))} AND entry IS NULL`

/** Known beats unknown, else the smaller: Entry.smaller in SQL. */
const smaller = (a: string, b: string) => `coalesce(min(${a}, ${b}), ${a}, ${b})`
