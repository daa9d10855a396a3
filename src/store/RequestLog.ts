/**
 * Every request made of a store, in the order in which they ended: what `hx sync push --verbose` shows, what costs are reckoned from, and what tests
 * count. S3 records each HTTP request, parts of an upload included; in memory and in a folder an operation is a request.
 */

import { Cause, Clock, Context, Effect, Exit, Layer, Option, Stream } from "effect"
import type { ObjectStoreService } from "./ObjectStore.ts"
import type { StoreError, StoreErrorReason } from "./StoreError.ts"

export type RequestOperation =
  | "list"
  | "get"
  | "head"
  | "put"
  | "delete"
  | "start upload"
  | "put part"
  | "finish upload"
  | "abort upload"
  | "restore"

export interface RequestRecord {
  readonly operation: RequestOperation
  /** The object's name, or the prefix that was listed. */
  readonly name: string
  /** Bytes of objects, without headers. */
  readonly sent: number
  readonly received: number
  readonly millis: number
  readonly outcome: "ok" | "interrupted" | StoreErrorReason
  /** Which store was asked, as describeLocation names it; undefined where nobody said (RequestLogService.of). */
  readonly store?: string
}

export interface RequestLogService {
  /** Synchronous, since it is called from within the SDK's promises too. */
  readonly record: (record: RequestRecord) => void
  readonly records: Effect.Effect<ReadonlyArray<RequestRecord>>
  /** Forgets what was recorded so far. */
  readonly clear: Effect.Effect<void>
  /** The same log, for the requests of one store: what is recorded through it bears the store's name. */
  readonly of: (store: string) => RequestLogService
}

export const makeRequestLog = (): RequestLogService => {
  const records: Array<RequestRecord> = []
  const log: RequestLogService = {
    record: (record) => records.push(record),
    of: (store) => ({ ...log, record: (record) => log.record({ store, ...record }) }),
    records: Effect.sync(() => [...records]),
    clear: Effect.sync(() => {
      records.length = 0
    })
  }
  return log
}

export class RequestLog extends Context.Tag("hx/RequestLog")<RequestLog, RequestLogService>() {
  static readonly layer: Layer.Layer<RequestLog> = Layer.sync(this, makeRequestLog)
}

/** Records the operations of a store that makes one request for each. */
export const recorded = (store: ObjectStoreService, log: RequestLogService): ObjectStoreService => {
  const recording =
    (operation: RequestOperation, name: string, sent: number) =>
    <A>(effect: Effect.Effect<A, StoreError>, received: (value: A) => number): Effect.Effect<A, StoreError> =>
      Effect.flatMap(Clock.currentTimeMillis, (start) =>
        Effect.onExit(effect, (exit) =>
          Effect.map(Clock.currentTimeMillis, (end) => {
            const bytes = Exit.isSuccess(exit) ? received(exit.value) : 0
            log.record({ operation, name, sent, received: bytes, millis: end - start, outcome: outcomeOf(exit) })
          })
        )
      )
  const nothing = () => 0
  return {
    ...store,
    list: (prefix) =>
      Stream.unwrap(
        Effect.map(Clock.currentTimeMillis, (start) =>
          Stream.ensuringWith(store.list(prefix), (exit) =>
            Effect.map(Clock.currentTimeMillis, (end) =>
              log.record({
                operation: "list",
                name: prefix,
                sent: 0,
                received: 0,
                millis: end - start,
                outcome: outcomeOf(exit)
              })
            )
          )
        )
      ),
    get: (name, maxBytes, onProgress) =>
      recording("get", name, 0)(store.get(name, maxBytes, onProgress), ({ bytes }) => bytes.length),
    put: (name, bytes, options) => recording("put", name, bytes.length)(store.put(name, bytes, options), nothing),
    delete: (name) => recording("delete", name, 0)(store.delete(name), nothing),
    restore: (name, from) => recording("restore", name, 0)(store.restore(name, from), nothing)
  }
}

export const outcomeOf = (exit: Exit.Exit<unknown, StoreError>): RequestRecord["outcome"] =>
  Exit.match(exit, {
    onSuccess: () => "ok",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), { onNone: () => "interrupted", onSome: ({ reason }) => reason })
  })
