/** This device's own log: the operations it has to tell the others. See HistoryDb.ts for what each part promises. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetRule } from "../domain/ForgetRule.ts"
import { identityOf, type Operation } from "../domain/Operation.ts"
import { absorb, nothing, sum } from "./Absorb.ts"
import { type Connection, rows, scalar } from "./Connection.ts"
import { dbError } from "./DbError.ts"
import { deviceOf, entryAt, idAt, readColumns, textsOfColumns } from "./LogColumns.ts"
import { absorbFinishes, type Finish } from "./Finishes.ts"
import type { Absorbed, LogContent, OwnLog } from "./HistoryDb.ts"
import { append, endOfLog, ownTerm } from "./Operations.ts"
import { makeChain } from "./OwnChain.ts"
import { adoptForeign, fork } from "./OwnLogMoves.ts"
import { adoptGathered, gather } from "./Takeover.ts"
import { type LooseTexts, noLooseTexts, sweepTexts } from "./Removal.ts"
import { applyRules } from "./Rules.ts"
import { KIND } from "./Schema.ts"
import { deviceId } from "./ThisDevice.ts"

export const makeOwnLog = (connection: Connection): OwnLog => {
  const { sql, transaction } = connection
  const failing = Effect.mapError(dbError(connection.path))

  return {
    end: endOfLog(connection).pipe(failing, Effect.withSpan("OwnLog.end")),

    record: Effect.fn("OwnLog.record")(function* (entries: ReadonlyArray<Entry>) {
      if (entries.length === 0) return nothing
      return yield* record(connection, entries).pipe(transaction, failing)
    }),

    finish: Effect.fn("OwnLog.finish")((id: EntryId, exit: number | null, duration: number | null) =>
      finish(connection, { id, exit, duration }).pipe(transaction, failing)
    ),

    forget: Effect.fn("OwnLog.forget")((rule: ForgetRule) => forgetAll(connection, [rule]).pipe(transaction, failing)),

    forgetAll: Effect.fn("OwnLog.forgetAll")((rules, each) =>
      forgetAll(connection, rules, each).pipe(transaction, failing)
    ),

    read: Effect.fn("OwnLog.read")((first: number, limit: number) => readLog(connection, first, limit).pipe(failing)),

    content: Effect.fn("OwnLog.content")((first: number, last: number) =>
      contentOf(connection, first, last).pipe(failing)
    ),

    ...makeChain(connection),

    purged: Effect.map(rows<readonly [number]>(sql`SELECT number FROM purged_operations ORDER BY number`), (found) =>
      found.map(([number]) => number)
    ).pipe(failing, Effect.withSpan("OwnLog.purged")),

    confirmPurged: Effect.fn("OwnLog.confirmPurged")((numbers: ReadonlyArray<number>) =>
      sql`DELETE FROM purged_operations WHERE number IN (SELECT value FROM json_each(${JSON.stringify(numbers)}))`.pipe(
        Effect.asVoid,
        transaction,
        failing
      )
    ),

    everPurged: Effect.map(
      rows<readonly [number]>(sql`SELECT number FROM operations WHERE kind = ${KIND.purged} ORDER BY number`),
      (found) => found.map(([number]) => number)
    ).pipe(failing, Effect.withSpan("OwnLog.everPurged")),

    doubtPurged: Effect.fn("OwnLog.doubtPurged")((numbers: ReadonlyArray<number>) =>
      sql`INSERT OR IGNORE INTO purged_operations (number) SELECT value FROM json_each(${JSON.stringify(numbers)})`.pipe(
        Effect.asVoid,
        transaction,
        failing
      )
    ),

    adoptForeign: adoptForeign(connection, new Set()).pipe(
      transaction,
      failing,
      Effect.withSpan("OwnLog.adoptForeign")
    ),

    adoptAbsent: Effect.fn("OwnLog.adoptAbsent")((present) =>
      adoptForeign(connection, present).pipe(transaction, failing)
    ),

    gather: Effect.fn("OwnLog.gather")((operations) => gather(connection, operations).pipe(transaction, failing)),

    adoptGathered: Effect.fn("OwnLog.adoptGathered")((published) =>
      adoptGathered(connection, published).pipe(transaction, failing)
    ),

    fork: Effect.fn("OwnLog.fork")((options) => fork(connection, options).pipe(transaction, failing))
  }
}

const record = Effect.fnUntraced(function* (connection: Connection, entries: ReadonlyArray<Entry>) {
  const { sql } = connection
  const { absorbed, last, news } = yield* absorb(connection, entries, true)
  if (absorbed.added + news.length === 0) return absorbed
  const end = yield* endOfLog(connection)
  const own = yield* ownTerm(connection)
  yield* sql`
    INSERT OR FAIL INTO operations (number, kind, entry, device)
    SELECT ${end} + row_number() OVER (ORDER BY seq), ${KIND.add}, seq, nullif(device, ${own})
    FROM entries WHERE seq > ${last}`
  yield* sql`
    INSERT OR FAIL INTO operations (number, kind, entry, device)
    SELECT ${end + absorbed.added} + 1 + key, ${KIND.add}, value ->> 0, nullif(value ->> 1, ${own})
    FROM json_each(${JSON.stringify(news)})`
  return absorbed
})

const finish = Effect.fnUntraced(function* (connection: Connection, told: Finish) {
  const { sql } = connection
  const seq = yield* scalar<number>(sql`SELECT seq FROM entries WHERE id = unhex(${told.id})`)
  const changed = yield* absorbFinishes(connection, [told])
  // Of an entry that is not here the operation may be all there is; of a forgotten one there is nothing to tell.
  const waits =
    seq === undefined && (yield* scalar(sql`SELECT 1 FROM pending_finishes WHERE id = unhex(${told.id})`)) !== undefined
  if (changed === 0 && !waits) return
  const body = JSON.stringify(told)
  if (waits && (yield* isTold(connection, body))) return
  yield* append(connection, { kind: "finish", ...told }, body, seq ?? null)
})

/** Whether this log tells the same of an entry that has not come: a command that is run again says nothing twice. */
const isTold = ({ sql }: Connection, body: string): Effect.Effect<boolean, SqlError> =>
  Effect.map(
    scalar(sql`
      SELECT 1 FROM operations WHERE kind = ${sql.literal(String(KIND.finish))} AND entry IS NULL AND body = ${body}`),
    (found) => found !== undefined
  )

const forgetAll = Effect.fnUntraced(function* (
  connection: Connection,
  rules: ReadonlyArray<ForgetRule>,
  each: (absorbed: Absorbed) => Effect.Effect<void> = () => Effect.void
) {
  const loose = noLooseTexts()
  let absorbed = nothing
  for (const rule of rules) {
    const one = yield* forget(connection, rule, loose)
    absorbed = sum(absorbed, one)
    yield* each(one)
  }
  yield* sweepTexts(connection, loose)
  return absorbed
})

const forget = Effect.fnUntraced(function* (connection: Connection, rule: ForgetRule, loose: LooseTexts) {
  if (rule.ids.length + rule.twins.length + rule.windows.length === 0) return nothing
  const { sql } = connection
  const removed = yield* applyRules(connection, [rule], loose)
  const identity = identityOf({ kind: "forget", rule })
  const issued = yield* scalar(sql`
    SELECT 1 FROM operations WHERE kind = ${sql.literal(String(KIND.forget))} AND identity = unhex(${identity})`)
  if (issued === undefined) yield* append(connection, { kind: "forget", rule }, JSON.stringify(rule), null)
  return { ...nothing, removed }
})

/** A finish that came before its entry has nothing but its identity. */
const contentOf = Effect.fnUntraced(function* (
  { sql }: Connection,
  first: number,
  last: number
): Effect.fn.Return<LogContent, SqlError> {
  const [[entries, rules] = [0, 0]] = yield* rows<readonly [number, number]>(sql`
    SELECT
      count(DISTINCT CASE WHEN kind IN (${KIND.add}, ${KIND.finish}) THEN coalesce(entry, -number) END),
      count(CASE kind WHEN ${KIND.forget} THEN 1 END)
    FROM operations WHERE number BETWEEN ${first} AND ${last}`)
  return { entries, rules }
})

const readLog = Effect.fnUntraced(function* (
  connection: Connection,
  first: number,
  limit: number
): Effect.fn.Return<ReadonlyArray<Operation>, SqlError> {
  const columns = yield* readColumns(connection, first, limit)
  const own = yield* deviceId(connection)
  const texts = yield* textsOfColumns(connection, columns)
  return columns.kind.map((kind, index) => {
    const body = columns.body[index] ?? ""
    switch (kind) {
      case KIND.add: {
        const device = columns.told[index] ?? null
        return { kind: "add", entry: entryAt(columns, index, texts, device === null ? own : deviceOf(device, texts)) }
      }
      case KIND.finish:
        return { kind: "finish", ...(JSON.parse(body) as Finish) }
      case KIND.forget:
        return { kind: "forget", rule: JSON.parse(body) as ForgetRule }
      default:
        return { kind: "purged", identity: idAt(columns, index) }
    }
  })
})
