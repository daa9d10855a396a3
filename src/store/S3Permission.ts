/**
 * Which permission a refused request needs, as IAM's policies name it; other services took the names over. Source: docs.aws.amazon.com, "Required
 * permissions for Amazon S3 API operations".
 *
 * Without s3:ListBucket, services answer 403 for an object that is not there, as if it could not be read: Amazon says which of the two lacks, others
 * do not, and a list is asked for to find out (S3Absence, sync/VaultDescriptorFetch).
 */

import type { RequestOperation } from "./RequestLog.ts"
import type { S3Context } from "./S3Errors.ts"
import type { S3Failure } from "./S3Failure.ts"
import type { Permission } from "./StoreError.ts"

/** None where the refusal is about something else: an account, a firewall's page. */
export const permissionOf = (failure: S3Failure, context: S3Context): Permission | undefined => {
  if (failure.html) return undefined
  const action =
    failure.denial?.action ?? (ABOUT_POLICY.has(failure.name) ? (context.needs ?? actionOf(context)) : undefined)
  return action === undefined ? undefined : { action, resource: resourceOf(action, context.subject) }
}

/** AccessDenied, and what stands for it where an answer has no body. */
const ABOUT_POLICY: ReadonlySet<string> = new Set(["AccessDenied", "Unknown", "Forbidden", "403", "UnknownError"])

const actionOf = ({ operation, request = "head" }: S3Context): string => {
  if (operation === "open") return LIST
  // Only DELETE of an object that has versions lists them.
  if (operation === "delete" && request === "list") return "s3:ListBucketVersions"
  return ACTIONS[request]
}

const LIST = "s3:ListBucket"

const ACTIONS: Readonly<Record<RequestOperation, string>> = {
  list: LIST,
  get: "s3:GetObject",
  head: "s3:GetObject",
  put: "s3:PutObject",
  delete: "s3:DeleteObject",
  "start upload": "s3:PutObject",
  "put part": "s3:PutObject",
  "finish upload": "s3:PutObject",
  "abort upload": "s3:AbortMultipartUpload",
  restore: "s3:RestoreObject"
}

/** Lists are permitted on the bucket, everything else on objects. */
const resourceOf = (action: string, subject: string): string => {
  const [bucket = ""] = subject.split("/")
  return `arn:aws:s3:::${/^s3:(List|GetBucket|PutBucket|GetLifecycle|PutLifecycle)/.test(action) ? bucket : subject}`
}
