/** A store whose operations do what a list of outcomes says, one after the other, and then succeed. */

import { Effect, Stream } from "effect"
import { makeMemoryBucket, makeMemoryStore, type MemoryBucket } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectInfo, ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"

/** "done, ": the operation happens, and its answer is lost. */
export type Outcome = StoreErrorReason | `done, ${StoreErrorReason}` | StoreError

export interface Script {
  readonly store: ObjectStoreService
  readonly bucket: MemoryBucket
  /** How many operations there were. */
  readonly count: () => number
}

export const scripted = (outcomes: ReadonlyArray<Outcome>): Script => {
  const bucket = makeMemoryBucket()
  const inner = makeMemoryStore(bucket)
  let count = 0
  const next =
    (operation: StoreError["operation"]) =>
    <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
      Effect.suspend(() => {
        const outcome = outcomes[count++]
        if (outcome === undefined) return effect
        if (outcome instanceof StoreError) return outcome
        const [, done, reason] = /^(done, )?(.*)$/.exec(outcome) ?? []
        const error = new StoreError({ reason: reason as StoreErrorReason, operation, subject: "scripted" })
        return done === undefined ? error : Effect.zipRight(effect, error)
      })
  const store: ObjectStoreService = {
    ...inner,
    list: (prefix): Stream.Stream<ObjectInfo, StoreError> =>
      Stream.unwrap(next("list")(Effect.sync(() => inner.list(prefix)))),
    get: (name, maxBytes) => next("get")(inner.get(name, maxBytes)),
    put: (name, bytes, options) => next("put")(inner.put(name, bytes, options)),
    delete: (name) => next("delete")(inner.delete(name)),
    abortMultipart: (name, uploadId) => next("delete")(inner.abortMultipart(name, uploadId)),
    restore: (name, from) => next("restore")(inner.restore(name, from))
  }
  return { store, bucket, count: () => count }
}
