/**
 * Everything that can go wrong between hx and a store, as a closed set. Each implementation maps its own failures to one of these reasons;
 * policies (retry), sync (what to do) and the error report (words, exit code) look at nothing else.
 */

import { Data } from "effect"
import type { ArchiveClass } from "./ArchiveClass.ts"

export type StoreErrorReason =
  | "Absent" // no such object
  | "AlreadyExists" // create-only put: there is one
  | "SwapLost" // if-match put: the object is not the one we know
  | "NoCredentials"
  | "CredentialsRefused" // the store does not know them, or the signature made with them is wrong
  | "AccessDenied" // known, but not allowed to do this
  | "CredentialsExpired"
  | "ClockSkewed"
  | "WrongRegion"
  | "NoSuchBucket"
  | "NoSuchFolder" // a folder store whose folder is not there: moved, or its disk is not mounted
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

/** A permission as IAM's policies name it: "s3:GetObject" on "arn:aws:s3:::bucket/key". */
export interface Permission {
  readonly action: string
  readonly resource: string
}

export class StoreError extends Data.TaggedError("StoreError")<{
  readonly reason: StoreErrorReason
  readonly operation: "list" | "get" | "put" | "delete" | "open" | "restore"
  /** What it happened to: a key, a bucket, a path, a host. Never a secret. */
  readonly subject: string
  /** One sentence more, where the store gave one (region to use, permission that lacks, time to wait). Never a secret. */
  readonly detail?: string
  /** How long the store asks us to wait, in milliseconds (Retry-After). */
  readonly retryAfter?: number
  /** AccessDenied by a service with policies: what they would have to allow. */
  readonly permission?: Permission
  /** WrongRegion: where the bucket is, when the store said so. */
  readonly region?: string
  /** Archived: in which class, when the store said so. */
  readonly archive?: ArchiveClass
  /** The retries that the policy allows have been made, of the one request of several that failed; none are due for the whole. */
  readonly spent?: boolean
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: ${this.subject}, on ${this.operation}${this.detail === undefined ? "" : `: ${this.detail}`}`
  }
}
