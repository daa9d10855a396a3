/**
 * The lifecycle rules of a bucket, as its service keeps them: one configuration for the whole bucket, replaced as a whole. Rules of others are
 * carried through as they are, so these shapes are S3's own, in the names that `aws s3api` takes; dates are ISO 8601 text.
 */

import { Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface BucketLifecycle {
  readonly bucket: string
  /** What the store's keys begin with: empty, or ending in "/". */
  readonly prefix: string
  /** Whether it is Amazon's own service, whose storage classes and prices are known. */
  readonly amazon: boolean
  /** Whether older versions of objects are kept, or were. */
  readonly versioned: Effect.Effect<boolean, StoreError>
  /** No rules where the bucket has no configuration. */
  readonly read: Effect.Effect<LifecycleConfiguration, StoreError>
  readonly write: (configuration: LifecycleConfiguration) => Effect.Effect<void, StoreError>
}

export interface LifecycleConfiguration {
  readonly rules: ReadonlyArray<LifecycleRule>
  /** Amazon's default for all rules, as it was read: which sizes move at all. */
  readonly minimumSize?: string
  /** Elements of what was read that these shapes have no place for, such as a service's own: written back, the rules would lack them. */
  readonly unknown?: ReadonlyArray<string>
}

export interface LifecycleRule {
  readonly ID?: string
  readonly Status?: string
  /** Of rules in the older form, which have no filter. */
  readonly Prefix?: string
  readonly Filter?: LifecycleFilter
  readonly Expiration?: { readonly Date?: string; readonly Days?: number; readonly ExpiredObjectDeleteMarker?: boolean }
  readonly Transitions?: ReadonlyArray<LifecycleTransition>
  readonly NoncurrentVersionTransitions?: ReadonlyArray<{
    readonly NoncurrentDays?: number
    readonly StorageClass?: string
    readonly NewerNoncurrentVersions?: number
  }>
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays?: number; readonly NewerNoncurrentVersions?: number }
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: number }
}

export interface LifecycleTransition {
  readonly Date?: string
  readonly Days?: number
  readonly StorageClass?: string
}

export interface LifecycleScope {
  readonly Prefix?: string
  readonly ObjectSizeGreaterThan?: number
  readonly ObjectSizeLessThan?: number
}

export interface LifecycleFilter extends LifecycleScope {
  readonly Tag?: LifecycleTag
  readonly And?: LifecycleScope & { readonly Tags?: ReadonlyArray<LifecycleTag> }
}

export interface LifecycleTag {
  readonly Key?: string
  readonly Value?: string
}

/** A bucket's rules in memory, for tests. */
export const makeMemoryLifecycle = (
  facts: Pick<BucketLifecycle, "bucket" | "prefix"> & { readonly amazon?: boolean },
  state: MemoryLifecycle
): BucketLifecycle => ({
  amazon: true,
  ...facts,
  versioned: Effect.sync(() => state.versioned),
  read: Effect.sync(() => state.configuration),
  write: (configuration) =>
    Effect.sync(() => {
      state.configuration = configuration
    })
})

export interface MemoryLifecycle {
  configuration: LifecycleConfiguration
  versioned: boolean
}
