/** Bounds how many objects go up and come down at once, over everything that one opened store is used for. */

import { Effect } from "effect"
import type { ObjectStoreService } from "./ObjectStore.ts"

export const limited = (
  store: ObjectStoreService,
  limits: { readonly uploads: number; readonly downloads: number }
): Effect.Effect<ObjectStoreService> =>
  Effect.gen(function* () {
    const uploads = yield* Effect.makeSemaphore(limits.uploads)
    const downloads = yield* Effect.makeSemaphore(limits.downloads)
    return {
      ...store,
      get: (name, maxBytes, onProgress) => downloads.withPermits(1)(store.get(name, maxBytes, onProgress)),
      put: (name, bytes, options) => uploads.withPermits(1)(store.put(name, bytes, options)),
      delete: (name) => uploads.withPermits(1)(store.delete(name)),
      abortMultipart: (name, uploadId) => uploads.withPermits(1)(store.abortMultipart(name, uploadId)),
      restore: (name, from) => downloads.withPermits(1)(store.restore(name, from))
    }
  })
