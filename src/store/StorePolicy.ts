/**
 * How patient hx is with a store: the policies that HX_SYNC_* describe, as values. The decorators RetryingStore, DeadlineStore and LimitedStore
 * carry them out; implementations make exactly one attempt.
 */

import { Chunk, Duration, Effect, Schedule } from "effect"
import type { ConfigFileError } from "../platform/ConfigFile.ts"
import { type SettingError, Settings } from "../platform/Settings.ts"
import * as SyncSettings from "../platform/SyncSettings.ts"
import { isRetryable, type StoreError, type StoreErrorReason } from "./StoreError.ts"

export interface StorePolicy {
  /** A request without progress for this long has failed. */
  readonly timeout: Duration.Duration
  readonly connectTimeout: Duration.Duration
  readonly uploads: number
  readonly downloads: number
  /** Larger objects go up in parts of this many bytes. */
  readonly partSize: number
  readonly retry: RetryPolicy
}

/** Runs after a failure, says whether and when to try again. */
export type RetryPolicy = Schedule.Schedule<unknown, StoreError>

export const storePolicy: Effect.Effect<StorePolicy, SettingError | ConfigFileError, Settings> = Effect.gen(
  function* () {
    const settings = yield* Settings
    return {
      timeout: yield* settings.get(SyncSettings.Timeout),
      connectTimeout: yield* settings.get(SyncSettings.ConnectTimeout),
      uploads: yield* settings.get(SyncSettings.ConcurrentUploads),
      downloads: yield* settings.get(SyncSettings.ConcurrentDownloads),
      partSize: yield* settings.get(SyncSettings.PartSize),
      retry: retryPolicy({
        retries: yield* settings.get(SyncSettings.MaxRetries),
        delay: yield* settings.get(SyncSettings.RetryDelay),
        maxDelay: yield* settings.get(SyncSettings.MaxRetryDelay)
      })
    }
  }
)

export const retryPolicy = (options: {
  readonly retries: number
  readonly delay: Duration.Duration
  readonly maxDelay: Duration.Duration
}): RetryPolicy =>
  backoff(options.delay, options.maxDelay).pipe(
    Schedule.intersect(Schedule.recurs(options.retries)),
    Schedule.intersect(seldom),
    Schedule.intersect(Schedule.identity<StoreError>()),
    Schedule.modifyDelay(([, error], delay) => Duration.max(delay, Duration.millis(error.retryAfter ?? 0))),
    Schedule.whileInput(isWorthRepeating)
  )

export const noRetries: RetryPolicy = Schedule.stop

/** For somebody who waits to hear what is wrong: each thing is tried once, and not for long. */
export const impatient = (policy: StorePolicy): StorePolicy => ({
  ...policy,
  timeout: Duration.min(policy.timeout, Duration.seconds(10)),
  connectTimeout: Duration.min(policy.connectTimeout, Duration.seconds(5)),
  retry: noRetries
})

/** How long a request for so many bytes may take in all, on the slowest link that hx still waits for. */
export const deadlineFor = (timeout: Duration.Duration, bytes: number): Duration.Duration =>
  Duration.sum(Duration.times(timeout, 4), Duration.seconds(bytes / SLOWEST))

/** Bytes per second, for each of several transfers that share a link. */
const SLOWEST = 4096

/** A store that wants us to come back after more than this is told to the user instead. */
const LONGEST_RETRY_AFTER = Duration.minutes(2)

/** Doubles from the first delay to the longest, less up to a half, so that devices which failed together do not return together. */
const backoff = (first: Duration.Duration, longest: Duration.Duration) =>
  Schedule.exponential(first, 2).pipe(
    Schedule.either(Schedule.spaced(longest)),
    Schedule.jitteredWith({ min: 0.5, max: 1 })
  )

/** What is hardly ever cured by waiting is tried again this often only, out of all attempts. */
const FEW: Partial<Readonly<Record<StoreErrorReason, number>>> = {
  Refused: 2,
  Unreachable: 2,
  // With fresh credentials, and with the clock's difference known: if that does not help, nothing will.
  CredentialsExpired: 1,
  ClockSkewed: 1
}

/** What `collectAllInputs` gives are the failures before the one at hand. */
const seldom = Schedule.collectAllInputs<StoreError>().pipe(
  Schedule.intersect(Schedule.identity<StoreError>()),
  Schedule.whileOutput(
    ([earlier, { reason }]) =>
      Chunk.filter(earlier, (failure) => failure.reason === reason).length < (FEW[reason] ?? Infinity)
  )
)

const isWorthRepeating = (error: StoreError): boolean =>
  error.spent !== true && isRetryable(error.reason) && (error.retryAfter ?? 0) <= Duration.toMillis(LONGEST_RETRY_AFTER)
