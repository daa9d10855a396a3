/** The two ways in which operations get into this log from elsewhere: adopting what only other logs hold, and going on as a new device. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import { type ForgetRule, smallRules } from "../domain/ForgetRule.ts"
import type { OperationIdentity } from "../domain/Operation.ts"
import { type Connection, rows } from "./Connection.ts"
import type { Finish } from "./Finishes.ts"
import type { ForkOptions } from "./HistoryDb.ts"
import { append, endOfLog, ownTerm } from "./Operations.ts"
import { markApplied } from "./PeerLogs.ts"
import { allRules } from "./Rules.ts"
import { KIND } from "./Schema.ts"
import { deviceId, setDeviceId } from "./ThisDevice.ts"

/** `present`: devices whose own captures are left out. */
export const adoptForeign = Effect.fnUntraced(function* (
  connection: Connection,
  present: ReadonlySet<DeviceId>
): Effect.fn.Return<number, SqlError> {
  const { sql } = connection
  const end = yield* endOfLog(connection)
  const own = yield* ownTerm(connection)
  yield* sql`
    INSERT INTO operations (number, kind, entry, device)
    SELECT ${end} + row_number() OVER (ORDER BY seq, device), ${KIND.add}, seq, nullif(device, ${own}) FROM (
      SELECT seq, device FROM entries UNION SELECT entry, device FROM captures
      EXCEPT SELECT entry, coalesce(device, ${own}) FROM operations WHERE kind = ${KIND.add}
    ) WHERE device NOT IN (SELECT id FROM terms WHERE text IN (SELECT value FROM json_each(${JSON.stringify([...present])})))`
  for (const rule of smallRules(yield* foreignRules(connection))) {
    yield* append(connection, { kind: "forget", rule }, JSON.stringify(rule), null)
  }
  // Finishes of entries that nobody has: the operation is all there is.
  yield* adoptWaiting(connection)
  return (yield* endOfLog(connection)) - end
})

/** What is known as forgotten and not from this log. */
const foreignRules = Effect.fnUntraced(function* (connection: Connection): Effect.fn.Return<ForgetRule, SqlError> {
  const { sql } = connection
  const bodies = yield* rows<readonly [string]>(sql`
    SELECT body FROM operations WHERE kind = ${sql.literal(String(KIND.forget))}`)
  const purged = yield* rows<readonly [OperationIdentity]>(sql`
    SELECT lower(hex(identity)) FROM operations WHERE kind = ${KIND.purged}`)
  const own = bodies.map(([body]) => JSON.parse(body) as ForgetRule)
  const ids = new Set<string>(own.flatMap((rule) => rule.ids))
  for (const [identity] of purged) ids.add(identity)
  const twins = new Set(own.flatMap((rule) => rule.twins))
  const windows = new Set(own.flatMap((rule) => rule.windows.map((window) => JSON.stringify(window))))
  const all = yield* allRules(connection)
  return {
    ids: all.ids.filter((id) => !ids.has(id)),
    twins: all.twins.filter((key) => !twins.has(key)),
    windows: all.windows.filter((window) => !windows.has(JSON.stringify(window)))
  }
})

const adoptWaiting = Effect.fnUntraced(function* (connection: Connection): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const waiting = yield* rows<readonly [Finish["id"], number | null, number | null]>(sql`
    SELECT lower(hex(id)), exit, duration FROM pending_finishes p WHERE lower(hex(id)) NOT IN (
      SELECT body ->> 'id' FROM operations WHERE kind = ${sql.literal(String(KIND.finish))} AND entry IS NULL
    )`)
  for (const [id, exit, duration] of waiting) {
    const finish: Finish = { id, exit, duration }
    yield* append(connection, { kind: "finish", ...finish }, JSON.stringify(finish), null)
  }
})

export const fork = Effect.fnUntraced(function* (
  connection: Connection,
  { common, known, newId }: ForkOptions
): Effect.fn.Return<{ readonly moved: number }, SqlError> {
  const { sql } = connection
  const former = yield* deviceId(connection)
  const formerTerm = yield* ownTerm(connection)
  const later = yield* rows<readonly [number]>(
    sql`SELECT number FROM operations WHERE number > ${common} ORDER BY number`
  )
  const moving = later.flatMap(([number]) => (known.has(number) ? [] : [number]))
  const numbers = JSON.stringify(moving)
  yield* sql`DELETE FROM operations WHERE number NOT IN (SELECT value FROM json_each(${numbers}))`
  // By way of negative numbers, so that none is taken twice.
  yield* sql`
    UPDATE operations SET number = -j.key - 1, device = iif(kind = ${KIND.add}, coalesce(device, ${formerTerm}), NULL)
    FROM json_each(${numbers}) j WHERE number = j.value`
  yield* sql`UPDATE operations SET number = -number`
  yield* sql`DELETE FROM chain_blocks`
  yield* sql`DELETE FROM purged_operations`
  yield* setDeviceId(connection, newId)
  if (common > 0) yield* markApplied(connection, former, { first: 1, last: common })
  return { moved: moving.length }
})
