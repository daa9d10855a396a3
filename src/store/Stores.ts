/** Opens stores: the implementation that a location names, under the policies that the settings describe. */

import { Context, Effect, Layer, type Option, type Scope } from "effect"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import type { SettingError, Settings } from "../platform/Settings.ts"
import { withDeadlines } from "./DeadlineStore.ts"
import { makeFolderStore } from "./FolderObjectStore.ts"
import { limited } from "./LimitedStore.ts"
import { makeMemoryBucket, makeMemoryStore, type MemoryBucket } from "./MemoryObjectStore.ts"
import type { ObjectStoreService, StoreCapabilities } from "./ObjectStore.ts"
import { recorded, RequestLog } from "./RequestLog.ts"
import { retrying } from "./RetryingStore.ts"
import type { StoreError } from "./StoreError.ts"
import { type StorePolicy, storePolicy } from "./StorePolicy.ts"
import { formatLocation, type StoreCredentials, type StoreLocation } from "./StoreUrl.ts"

export interface StoresService {
  readonly open: (
    location: StoreLocation,
    credentials: Option.Option<StoreCredentials>,
    capabilities: StoreCapabilities
  ) => Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>
}

/** What a memory layer shares: the bucket of each location, by formatLocation. Give one registry to the layers of several devices. */
export type MemoryRegistry = Map<string, MemoryBucket>

export class Stores extends Context.Tag("hx/Stores")<Stores, StoresService>() {
  static readonly layer: Layer.Layer<Stores, SettingError | ConfigFileError, Settings | RequestLog> = Layer.effect(
    this,
    Effect.gen(function* () {
      const policy = yield* storePolicy
      const log = yield* RequestLog
      return {
        open: Effect.fn("Stores.open")((location) =>
          location._tag === "Folder"
            ? underPolicy(recorded(makeFolderStore(location.path), log), policy)
            : Effect.dieMessage("not yet")
        )
      }
    })
  )

  /**
   * Stores in memory. `wrap` stands between the bucket and the request log: what it fails or delays counts as a request. Without a policy each
   * request is made once, without limit of time or number.
   */
  static readonly layerMemory = (
    options: {
      readonly registry?: MemoryRegistry
      readonly wrap?: (store: ObjectStoreService, location: StoreLocation) => ObjectStoreService
      readonly policy?: StorePolicy
    } = {}
  ): Layer.Layer<Stores, never, RequestLog> =>
    Layer.effect(
      this,
      Effect.gen(function* () {
        const log = yield* RequestLog
        const { policy, registry = new Map<string, MemoryBucket>(), wrap = (store) => store } = options
        return {
          open: Effect.fn("Stores.open")((location, _credentials, capabilities) => {
            const display = formatLocation(location)
            const bucket = registry.get(display) ?? makeMemoryBucket()
            registry.set(display, bucket)
            const store = recorded(wrap(makeMemoryStore(bucket, display, capabilities), location), log)
            return policy === undefined ? Effect.succeed(store) : underPolicy(store, policy)
          })
        }
      })
    )
}

/** A permit is held for an attempt, not while waiting for the next; an attempt's time begins when it has its permit. */
const underPolicy = (store: ObjectStoreService, policy: StorePolicy): Effect.Effect<ObjectStoreService> =>
  Effect.map(limited(withDeadlines(store, policy.timeout), policy), (inner) => retrying(inner, policy.retry))
