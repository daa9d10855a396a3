/**
 * Tries again what may succeed when sent again. Reading, deleting and plain puts are simply repeated. A conditional put is repeated too, since its
 * condition keeps a repetition from doing harm; but once an attempt of it may have arrived (isAmbiguous), a refusal of the next no longer means
 * that somebody else was faster: we may have met our own write. So after such an attempt every failure keeps the ambiguous reason, and the
 * caller has to look at the store (at the nonce of the manifest, say) before it decides. In short:
 *
 *     AlreadyExists, SwapLost     nobody has seen this write: the store refused it
 *     an ambiguous reason         it may be there: look
 */

import { Effect, Stream } from "effect"
import type { ObjectStoreService, PutOptions } from "./ObjectStore.ts"
import { isAmbiguous, StoreError } from "./StoreError.ts"
import type { RetryPolicy } from "./StorePolicy.ts"

export const retrying = (store: ObjectStoreService, policy: RetryPolicy): ObjectStoreService => ({
  ...store,
  ...(store.purge === undefined ? {} : { purge: (prefix: string) => Effect.retry(store.purge!(prefix), policy) }),
  list: (prefix) => retryingList(store, policy, prefix),
  get: (name, maxBytes, onProgress) => Effect.retry(store.get(name, maxBytes, onProgress), policy),
  put: (name, bytes, options) =>
    options.condition._tag === "Always"
      ? Effect.retry(store.put(name, bytes, options), policy)
      : conditionalPut(store, policy, name, bytes, options),
  delete: (name) => Effect.retry(store.delete(name), policy),
  abortMultipart: (name, uploadId) => Effect.retry(store.abortMultipart(name, uploadId), policy),
  restore: (name, from) => Effect.retry(store.restore(name, from), policy)
})

/** A failed list begins again from its start, without what has been seen; each new object found gives the policy a fresh start. */
const retryingList = (store: ObjectStoreService, policy: RetryPolicy, prefix: string) =>
  Stream.suspend(() => {
    const seen = new Set<string>()
    return Stream.suspend(() => store.list(prefix)).pipe(
      Stream.filter(({ name }) => !seen.has(name)),
      Stream.tap(({ name }) => Effect.sync(() => seen.add(name))),
      Stream.retry(policy)
    )
  })

const conditionalPut = (
  store: ObjectStoreService,
  policy: RetryPolicy,
  name: string,
  bytes: Uint8Array,
  options: PutOptions
) =>
  Effect.suspend(() => {
    let doubtful: StoreError | undefined
    return store.put(name, bytes, options).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (isAmbiguous(error.reason)) doubtful ??= error
        })
      ),
      Effect.retry(policy),
      Effect.mapError((error) =>
        doubtful === undefined || isAmbiguous(error.reason) ? error : inDoubt(doubtful, error)
      )
    )
  })

const inDoubt = (first: StoreError, last: StoreError): StoreError =>
  new StoreError({
    reason: first.reason,
    operation: first.operation,
    subject: first.subject,
    detail: `it may have been written; tried again: ${last.reason}${last.detail === undefined ? "" : `, ${last.detail}`}`,
    cause: last
  })
