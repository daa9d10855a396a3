/**
 * Gives every request a last moment, later for larger ones, so that a store that trickles cannot hold hx for ever. A standstill is noticed much
 * sooner, by the implementation, which sees the bytes move (S3Client's socket timeout).
 */

import { type Duration, Effect, Stream } from "effect"
import type { ObjectStoreService } from "./ObjectStore.ts"
import { StoreError } from "./StoreError.ts"
import { deadlineFor } from "./StorePolicy.ts"

export const withDeadlines = (store: ObjectStoreService, timeout: Duration.Duration): ObjectStoreService => {
  const limit =
    (operation: StoreError["operation"], subject: string, bytes: number) =>
    <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
      Effect.timeoutFail(effect, {
        duration: deadlineFor(timeout, bytes),
        onTimeout: () => timedOut(operation, subject)
      })
  return {
    ...store,
    list: (prefix) =>
      Stream.timeoutFail(store.list(prefix), () => timedOut("list", prefix), deadlineFor(timeout, PAGE_BYTES)),
    get: (name, maxBytes, onProgress) => store.get(name, maxBytes, onProgress).pipe(limit("get", name, maxBytes)),
    put: (name, bytes, options) => store.put(name, bytes, options).pipe(limit("put", name, bytes.length)),
    delete: (name) => store.delete(name).pipe(limit("delete", name, PAGE_BYTES)),
    abortMultipart: (name, uploadId) => store.abortMultipart(name, uploadId).pipe(limit("delete", name, 0)),
    restore: (name, from) => store.restore(name, from).pipe(limit("restore", name, 0))
  }
}

/** About what a page of a thousand objects takes as XML. */
const PAGE_BYTES = 400_000

const timedOut = (operation: StoreError["operation"], subject: string): StoreError =>
  new StoreError({ reason: "TimedOut", operation, subject, detail: "not done within the time allowed for its size" })
