/**
 * What this device has asked of its stores, by calendar month (UTC) and kind of request: what costs are reckoned from. It is kept by the store and not
 * by the binding, and so survives a reset: it is money spent.
 *
 * Counted at the end of every command that made requests, one that failed too, in one small transaction; a command that made none writes nothing. A
 * command that is killed is not counted, and one that runs over midnight counts in the month in which it ends.
 */

import { Clock, Effect, Either, Layer, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { RequestLog, type RequestRecord } from "../store/RequestLog.ts"
import { describeLocation, parseStoreUrl } from "../store/StoreUrl.ts"
import * as SyncState from "./SyncState.ts"

export type MonthUse = SyncState.MonthUse
export type OperationUse = MonthUse["operations"][number]

/** Months that are kept, the current one included. */
export const MONTHS_KEPT = 12

/** Writes down the requests of this run when it is over, however it ends. */
export const layer = Layer.scopedDiscard(
  Effect.addFinalizer(() => Effect.catchAll(save, (error) => Effect.logDebug("Requests not counted:", error)))
)

/** The months in which this store was asked anything, the newest first; the current one comes first, also where there was nothing. This run is counted. */
export const usageOf = Effect.fn("Usage.of")(function* (store: string) {
  const month = monthOf(yield* Clock.currentTimeMillis)
  const records = yield* recorded
  const all = added(yield* SyncState.usageOrNone, records, month, yield* boundStore)
  const ours = all.filter((each) => each.store === store)
  const current = ours.find((each) => each.month === month) ?? unused(store, month)
  const others = ours.filter((each) => each.month !== month).sort((a, b) => (a.month < b.month ? 1 : -1))
  return [current, ...others] as const
})

/** What was asked, added to what is known, without months that are over for too long. Pure. */
export const added = (
  known: ReadonlyArray<MonthUse>,
  records: ReadonlyArray<RequestRecord>,
  month: string,
  otherwise: string
): ReadonlyArray<MonthUse> => {
  const oldest = monthsBefore(month, MONTHS_KEPT - 1)
  const months = new Map<string, MonthUse>()
  for (const use of known) if (use.month >= oldest) months.set(`${use.month} ${use.store}`, use)
  for (const record of records) {
    const store = record.store ?? otherwise
    const key = `${month} ${store}`
    months.set(key, plus(months.get(key) ?? unused(store, month), record))
  }
  return [...months.values()]
}

export const monthOf = (millis: number): string => new Date(millis).toISOString().slice(0, 7)

/** All kinds of requests together. */
export const totalUse = ({ operations }: MonthUse): Omit<OperationUse, "operation"> =>
  operations.reduce(
    (sum, each) => ({
      requests: sum.requests + each.requests,
      failed: sum.failed + each.failed,
      sent: sum.sent + each.sent,
      received: sum.received + each.received
    }),
    { requests: 0, failed: 0, sent: 0, received: 0 }
  )

const unused = (store: string, month: string): MonthUse => ({ store, month, operations: [], unreached: 0 })

/** Answers that somebody waited for: an object is not there, or is there already, or is another one. */
const EXPECTED: ReadonlySet<RequestRecord["outcome"]> = new Set(["ok", "Absent", "AlreadyExists", "SwapLost"])

/** These outcomes say that no server has heard of the request. */
const UNREACHED: ReadonlySet<RequestRecord["outcome"]> = new Set(["Refused", "Unreachable", "Tls"])

const plus = (use: MonthUse, record: RequestRecord): MonthUse => {
  if (UNREACHED.has(record.outcome)) return { ...use, unreached: use.unreached + 1 }
  const { operation } = record
  const before = use.operations.find((each) => each.operation === operation) ?? {
    operation,
    requests: 0,
    failed: 0,
    sent: 0,
    received: 0
  }
  const after = {
    operation,
    requests: before.requests + 1,
    failed: before.failed + (EXPECTED.has(record.outcome) ? 0 : 1),
    sent: before.sent + record.sent,
    received: before.received + record.received
  }
  const others = use.operations.filter((each) => each.operation !== operation)
  return { ...use, operations: [...others, after].sort((a, b) => (a.operation < b.operation ? -1 : 1)) }
}

/** "2026-01" less two months is "2025-11". */
const monthsBefore = (month: string, count: number): string => {
  const [year = 0, number = 0] = month.split("-").map(Number)
  return monthOf(Date.UTC(year, number - 1 - count))
}

const save = Effect.gen(function* () {
  const records = yield* recorded
  if (records.length === 0) return
  const db = yield* HistoryDb
  const month = monthOf(yield* Clock.currentTimeMillis)
  // Read under the write lock: another hx may be counting too.
  yield* db.transaction(
    Effect.gen(function* () {
      const known = yield* SyncState.usageOrNone
      yield* SyncState.putUsage(added(known, records, month, yield* boundStore))
    })
  )
})

/** Where a request does not say which store it was made of, it was the one in use. */
const boundStore = Effect.map(
  SyncState.binding.get,
  Option.match({
    onNone: () => "",
    onSome: ({ location }) =>
      Either.match(parseStoreUrl(location, { home: "/", workingDirectory: "/" }), {
        onLeft: () => location,
        onRight: (url) => describeLocation(url.location)
      })
  })
)

/** A request that was interrupted is recorded when its promise hears of that, which is within the turn of the event loop. */
const recorded = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
}).pipe(Effect.zipRight(Effect.flatMap(RequestLog, (log) => log.records)))
