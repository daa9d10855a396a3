/**
 * Everything that can go wrong between hx and a store, as a closed set. Each implementation maps its own failures to one of these reasons;
 * policies (retry), sync (what to do) and the error report (words, exit code) look at nothing else.
 */

import { Data } from "effect"

export type StoreErrorReason =
  | "Absent" // no such object
  | "AlreadyExists" // create-only put: there is one
  | "SwapLost" // if-match put: the object is not the one we know
  | "NoCredentials"
  | "AccessDenied"
  | "CredentialsExpired"
  | "ClockSkewed"
  | "WrongRegion"
  | "NoSuchBucket"
  | "Unsupported" // the store does not implement this (501)
  | "Archived" // GLACIER: needs restoring
  | "Throttled"
  | "ServerFailure" // 5xx, or an answer that makes no sense
  | "ConnectionLost" // reset, broken pipe: the request may have arrived
  | "TimedOut" // no progress for the time allowed: the request may have arrived
  | "Refused" // connection refused
  | "Unreachable" // no route, name does not resolve
  | "Tls"
  | "NotAStore" // answers, but is not what it should be: captive portal, wrong service
  | "TooLarge" // object larger than the reader's cap
  | "NoSpace" // disk full, quota
  | "Misconfigured" // the URL or a setting cannot work here

/** Whether the same request may succeed when sent again, unchanged. */
export const isRetryable = (reason: StoreErrorReason): boolean => RETRYABLE.has(reason)

/** Whether a failed write may have happened all the same: look before writing again. */
export const isAmbiguous = (reason: StoreErrorReason): boolean => AMBIGUOUS.has(reason)

const RETRYABLE: ReadonlySet<StoreErrorReason> = new Set([
  "CredentialsExpired",
  "ClockSkewed",
  "Throttled",
  "ServerFailure",
  "ConnectionLost",
  "TimedOut",
  "Refused",
  "Unreachable"
])

const AMBIGUOUS: ReadonlySet<StoreErrorReason> = new Set(["ServerFailure", "ConnectionLost", "TimedOut"])

export class StoreError extends Data.TaggedError("StoreError")<{
  readonly reason: StoreErrorReason
  readonly operation: "list" | "get" | "put" | "delete" | "open"
  /** What it happened to: a key, a bucket, a path, a host. Never a secret. */
  readonly subject: string
  /** One sentence more, where the store gave one (region to use, permission that lacks, time to wait). Never a secret. */
  readonly detail?: string
  /** How long the store asks us to wait, in milliseconds (Retry-After). */
  readonly retryAfter?: number
  /** WrongRegion: where the bucket is, when the store said so. */
  readonly region?: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: ${this.operation} ${this.subject}${this.detail === undefined ? "" : ` (${this.detail})`}`
  }
}
