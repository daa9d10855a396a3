/** What only the kind of a store can tell of itself; `hx sync check` does the rest, which is the same for all of them, through ObjectStore. */

import { Effect, type Option, type Scope } from "effect"
import type { Check } from "./Checks.ts"
import type { ObjectStoreService, StoreCapabilities } from "./ObjectStore.ts"
import type { StoreError } from "./StoreError.ts"
import type { StoreCredentials } from "./StoreUrl.ts"

export interface StoreDiagnosis {
  /** From the outside in, before any object is asked for. */
  readonly before: ReadonlyArray<Check<StoreError>>
  /** What can be tried once objects can be written. */
  readonly after: ReadonlyArray<Check<StoreError>>
  /** The store without policies, except that what may be a moment's trouble is tried a second time. */
  readonly open: (capabilities: StoreCapabilities) => Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>
  /** What the first list came to, where `before` made one: nobody has to wait for it twice. */
  readonly firstList: Effect.Effect<Option.Option<FirstList>>
  /** Where the bucket is; undefined for what is no bucket, or has not told. */
  readonly region: Effect.Effect<string | undefined>
}

export interface FirstList {
  /** How many objects there were, at most a page of them; or why there was no list. */
  readonly result: number | StoreError
  readonly millis: number
}

export interface DiagnosisRequest {
  readonly credentials: Option.Option<StoreCredentials>
  /** Who gave them, for people: "the store URL". */
  readonly givenBy: string
  /** The names that the first list asks for begin with this. */
  readonly listed: string
  /** The name under which objects may be tried out. */
  readonly trial: string
  /** The store is in use: that it is not there is no good sign. */
  readonly bound: boolean
}

/** For a store of which nothing more is to be known. */
export const nothingBeyondObjects = (open: StoreDiagnosis["open"]): StoreDiagnosis => ({
  before: [],
  after: [],
  open,
  firstList: Effect.succeedNone,
  region: Effect.succeed(undefined)
})
