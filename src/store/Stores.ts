/** Opens stores: the implementation that a location names, under the policies that the settings describe. */

import { Context, Effect, Layer, type Option, type Scope } from "effect"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import type { SettingError, Settings } from "../platform/Settings.ts"
import { withDeadlines } from "./DeadlineStore.ts"
import { makeFolderStore } from "./FolderObjectStore.ts"
import { limited } from "./LimitedStore.ts"
import { makeMemoryBucket, makeMemoryStore, type MemoryBucket } from "./MemoryObjectStore.ts"
import { type BucketLifecycle, makeMemoryLifecycle } from "./BucketLifecycle.ts"
import { makeFolderDiagnosis } from "./FolderDiagnosis.ts"
import type { ObjectStoreService, StoreCapabilities } from "./ObjectStore.ts"
import { recorded, RequestLog } from "./RequestLog.ts"
import { retrying } from "./RetryingStore.ts"
import { type DiagnosisRequest, nothingBeyondObjects, type StoreDiagnosis } from "./StoreDiagnosis.ts"
import type { StoreError } from "./StoreError.ts"
import { impatient, type StorePolicy, storePolicy } from "./StorePolicy.ts"
import { describeLocation, formatLocation, type StoreCredentials, type StoreLocation } from "./StoreUrl.ts"

export interface StoresService {
  readonly open: (
    location: StoreLocation,
    credentials: Option.Option<StoreCredentials>,
    capabilities: StoreCapabilities
  ) => Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>
  /**
   * The location as it is best recorded: with its region, asked of the bucket where neither the URL nor the environment tells. At most one request,
   * and no later run has to ask again.
   */
  readonly settle: (
    location: StoreLocation,
    credentials: Option.Option<StoreCredentials>
  ) => Effect.Effect<StoreLocation, StoreError>
  /** What `hx sync check` tries out beyond objects. Less patient than `open`: whoever asks what is wrong waits for the answer. Sends nothing yet. */
  readonly diagnose: (
    location: StoreLocation,
    asked: DiagnosisRequest
  ) => Effect.Effect<StoreDiagnosis, StoreError, Scope.Scope>
  /** The rules of the bucket that the store is in; null for what is no bucket. Sends nothing yet. */
  readonly lifecycle: (
    location: StoreLocation,
    credentials: Option.Option<StoreCredentials>
  ) => Effect.Effect<BucketLifecycle | null, StoreError, Scope.Scope>
}

/** What a memory layer shares: the bucket of each location, by formatLocation. Give one registry to the layers of several devices. */
export type MemoryRegistry = Map<string, MemoryBucket>

export class Stores extends Context.Tag("hx/Stores")<Stores, StoresService>() {
  static readonly layer: Layer.Layer<Stores, SettingError | ConfigFileError, Settings | RequestLog> = Layer.effect(
    this,
    Effect.gen(function* () {
      const policy = yield* storePolicy
      const requests = yield* RequestLog
      return {
        open: Effect.fn("Stores.open")(function* (location, credentials, capabilities) {
          const log = requests.of(describeLocation(location))
          if (location._tag === "Folder") {
            return yield* underPolicy(recorded(makeFolderStore(location.path), log), policy)
          }
          const { openS3Store } = yield* loadS3
          return yield* underPolicy(yield* openS3Store(location, credentials, capabilities, policy, log), policy)
        }),
        settle: Effect.fn("Stores.settle")(function* (location, credentials) {
          if (location._tag === "Folder") return location
          const { settleRegion } = yield* loadS3
          const log = requests.of(describeLocation(location))
          return yield* Effect.retry(settleRegion(location, credentials, policy, log), policy.retry)
        }),
        diagnose: Effect.fn("Stores.diagnose")(function* (location, asked) {
          if (location._tag === "Folder") return makeFolderDiagnosis(location.path, asked)
          const { openS3Diagnosis } = yield* loadS3Diagnosis
          return yield* openS3Diagnosis(location, asked, impatient(policy), requests.of(describeLocation(location)))
        }),
        lifecycle: Effect.fn("Stores.lifecycle")(function* (location, credentials) {
          if (location._tag === "Folder") return null
          const { openS3Lifecycle } = yield* loadS3Lifecycle
          return yield* openS3Lifecycle(location, credentials, policy, requests.of(describeLocation(location)))
        })
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
        const open: StoresService["open"] = Effect.fn("Stores.open")((location, _credentials, capabilities) => {
          const display = formatLocation(location)
          const bucket = registry.get(display) ?? makeMemoryBucket()
          registry.set(display, bucket)
          const requests = log.of(describeLocation(location))
          const store = recorded(wrap(makeMemoryStore(bucket, display, capabilities), location), requests)
          return policy === undefined ? Effect.succeed(store) : underPolicy(store, policy)
        })
        return {
          open,
          settle: Effect.succeed,
          diagnose: (location, { credentials }) =>
            Effect.succeed(nothingBeyondObjects((capabilities) => open(location, credentials, capabilities))),
          lifecycle: (location) =>
            Effect.sync(() => {
              const bucket = registry.get(formatLocation(location)) ?? makeMemoryBucket()
              if (location._tag === "Folder") return null
              const { bucket: name, prefix } = location
              return makeMemoryLifecycle({ bucket: name, prefix: prefix === "" ? "" : `${prefix}/` }, bucket.lifecycle)
            })
        }
      })
    )
}

/** What only buckets need is loaded with the first of them. */
const loadS3 = Effect.promise(() => import("./S3ObjectStore.ts"))
const loadS3Lifecycle = Effect.promise(() => import("./S3Lifecycle.ts"))
const loadS3Diagnosis = Effect.promise(() => import("./S3Diagnosis.ts"))

/** A permit is held for an attempt, not while waiting for the next; an attempt's time begins when it has its permit. */
const underPolicy = (store: ObjectStoreService, policy: StorePolicy): Effect.Effect<ObjectStoreService> =>
  Effect.map(limited(withDeadlines(store, policy.timeout), policy), (inner) => retrying(inner, policy.retry))
