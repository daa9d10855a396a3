/**
 * What a failure of S3 means. Services name their errors differently and proxies answer in their place, so classification goes by the system's code,
 * then by S3's own, then by the HTTP status.
 */

import type { PutCondition } from "./ObjectStore.ts"
import type { RequestOperation } from "./RequestLog.ts"
import { detailOf } from "./S3Detail.ts"
import type { S3Failure } from "./S3Failure.ts"
import { permissionOf } from "./S3Permission.ts"
import { StoreError, type StoreErrorReason } from "./StoreError.ts"

export interface S3Context {
  readonly operation: StoreError["operation"]
  readonly request?: RequestOperation
  /** The permission that it takes, where the request does not tell. */
  readonly needs?: string
  /** A bucket or "bucket/key". */
  readonly subject: string
  readonly condition?: PutCondition
  /** A HEAD, whose answers have no body and so no code of S3's. */
  readonly head?: boolean
}

export const toStoreError = (failure: S3Failure, context: S3Context): StoreError => {
  const known = context.head === true ? { ...failure, fromS3: true } : failure
  const reason = conditional(reasonOf(known), known, context)
  const permission = reason === "AccessDenied" ? permissionOf(known, context) : undefined
  const detail = detailOf(reason, failure, permission)
  return new StoreError({
    reason,
    operation: context.operation,
    subject: context.subject,
    ...(detail === undefined ? {} : { detail }),
    ...(failure.retryAfter === undefined ? {} : { retryAfter: failure.retryAfter }),
    ...(permission === undefined ? {} : { permission }),
    ...(reason === "WrongRegion" && failure.region !== undefined ? { region: failure.region } : {}),
    ...(reason === "Archived" && failure.archive !== undefined ? { archive: failure.archive } : {}),
    cause: failure
  })
}

export const reasonOf = (failure: S3Failure): StoreErrorReason => {
  const { code, name, status } = failure
  if (code !== undefined) {
    const bySystem = SYSTEM[code] ?? (TLS.test(code) ? "Tls" : undefined)
    if (bySystem !== undefined) return bySystem
    // Node's HTTP parser: what answers does not speak HTTP, or not the kind that was asked for.
    if (code.startsWith("HPE_")) return "NotAStore"
  }
  // Redirects and malformed signatures have many causes; the region is the one that is named.
  if (failure.region !== undefined && (status === 301 || status === 307 || status === 400)) return "WrongRegion"
  return NAMES[name] ?? (status === undefined ? byLocalFailure(failure) : byStatus(status, failure))
}

/** Refused conditions are told apart by what was asked for. */
const conditional = (
  reason: StoreErrorReason,
  failure: S3Failure,
  { condition, operation }: S3Context
): StoreErrorReason => {
  if (operation !== "put" || condition === undefined || condition._tag === "Always") {
    // Another request on the same object is under way: nothing to do with any condition of ours.
    return reason === "SwapLost" ? "Throttled" : reason
  }
  const lost = condition._tag === "Create" ? "AlreadyExists" : "SwapLost"
  if (reason === "SwapLost") return lost
  // If-Match on an object that is gone is answered with 404 by some.
  return condition._tag === "IfMatch" && reason === "Absent" && failure.status === 404 ? lost : reason
}

const byStatus = (status: number, failure: S3Failure): StoreErrorReason => {
  if (status === 401 || status === 403) return "AccessDenied"
  if (status === 404) return failure.fromS3 ? "Absent" : "NotAStore"
  if (status === 405) return failure.fromS3 ? "Unsupported" : "NotAStore"
  if (status === 407) return "Misconfigured"
  if (status === 408) return "ConnectionLost"
  if (status === 409 || status === 412) return "SwapLost"
  if (status === 413) return "TooLarge"
  if (status === 429 || status === 503 || status === 509) return "Throttled"
  if (status === 501) return "Unsupported"
  if (status === 507) return "NoSpace"
  if (status >= 500) return "ServerFailure"
  if (status >= 400) return failure.fromS3 ? "Misconfigured" : "NotAStore"
  if (status >= 300) return "NotAStore"
  // The status says success, but the answer could not be read.
  return failure.html ? "NotAStore" : "ServerFailure"
}

const byLocalFailure = ({ message, name }: S3Failure): StoreErrorReason => {
  if (/Credential|Token|Profile|SSO/.test(name)) return "NoCredentials"
  // Only time limits of our own abort what is still waited for.
  if (name === "TimeoutError" || name === "AbortError" || /^Proxy timeout/.test(message)) return "TimedOut"
  // hpagent, when the proxy refuses to connect.
  if (/^Bad response: \d+/.test(message)) return "Misconfigured"
  if (/aborted|premature close|socket hang up/i.test(message)) return "ConnectionLost"
  return "ServerFailure"
}

const TLS =
  /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|CRL_)|^EPROTO$/

const SYSTEM: Readonly<Record<string, StoreErrorReason>> = {
  ECONNREFUSED: "Refused",
  ENOTFOUND: "Unreachable",
  EAI_AGAIN: "Unreachable",
  EAI_FAIL: "Unreachable",
  EAI_NODATA: "Unreachable",
  EHOSTUNREACH: "Unreachable",
  EHOSTDOWN: "Unreachable",
  ENETUNREACH: "Unreachable",
  ENETDOWN: "Unreachable",
  EADDRNOTAVAIL: "Unreachable",
  ETIMEDOUT: "TimedOut",
  ESOCKETTIMEDOUT: "TimedOut",
  ECONNRESET: "ConnectionLost",
  ECONNABORTED: "ConnectionLost",
  EPIPE: "ConnectionLost",
  ERR_STREAM_PREMATURE_CLOSE: "ConnectionLost",
  ERR_STREAM_DESTROYED: "ConnectionLost",
  // S3Body.boundAnswers
  EMSGSIZE: "NotAStore"
}

const NAMES: Readonly<Record<string, StoreErrorReason>> = {
  CredentialsProviderError: "NoCredentials",
  TokenProviderError: "NoCredentials",
  ProviderError: "NoCredentials",
  AccessDenied: "AccessDenied",
  // S3Identity: refused by the service that gives credentials.
  CredentialsNotGiven: "AccessDenied",
  AllAccessDisabled: "AccessDenied",
  AccountProblem: "AccessDenied",
  InvalidAccessKeyId: "CredentialsRefused",
  InvalidClientTokenId: "CredentialsRefused",
  InvalidIdentityToken: "CredentialsRefused",
  InvalidSecurity: "CredentialsRefused",
  InvalidToken: "CredentialsRefused",
  SignatureDoesNotMatch: "CredentialsRefused",
  UnrecognizedClientException: "CredentialsRefused",
  AuthorizationHeaderMalformed: "CredentialsRefused",
  ExpiredToken: "CredentialsExpired",
  ExpiredTokenException: "CredentialsExpired",
  TokenRefreshRequired: "CredentialsExpired",
  RequestTimeTooSkewed: "ClockSkewed",
  RequestInTheFuture: "ClockSkewed",
  RequestExpired: "ClockSkewed",
  PermanentRedirect: "WrongRegion",
  IllegalLocationConstraintException: "WrongRegion",
  NoSuchBucket: "NoSuchBucket",
  InvalidBucketName: "NoSuchBucket",
  NoSuchKey: "Absent",
  NoSuchVersion: "Absent",
  NoSuchUpload: "Absent",
  PreconditionFailed: "SwapLost",
  ConditionalRequestConflict: "SwapLost",
  OperationAborted: "SwapLost",
  NotImplemented: "Unsupported",
  InvalidObjectState: "Archived",
  SlowDown: "Throttled",
  SlowDownRead: "Throttled",
  SlowDownWrite: "Throttled",
  ServiceUnavailable: "Throttled",
  Throttling: "Throttled",
  ThrottlingException: "Throttled",
  TooManyRequests: "Throttled",
  RequestLimitExceeded: "Throttled",
  BandwidthLimitExceeded: "Throttled",
  InternalError: "ServerFailure",
  BadDigest: "ServerFailure",
  XAmzContentSHA256Mismatch: "ServerFailure",
  IncompleteBody: "ConnectionLost",
  RequestTimeout: "ConnectionLost",
  EntityTooLarge: "TooLarge",
  QuotaExceeded: "NoSpace",
  QuotaExceededException: "NoSpace",
  StorageFull: "NoSpace",
  XMinioStorageFull: "NoSpace"
}
