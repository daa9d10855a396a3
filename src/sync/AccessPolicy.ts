/**
 * The permissions that hx needs of a bucket, as an IAM policy: for its own prefix and nothing else. Sources: docs.aws.amazon.com, "Required
 * permissions for Amazon S3 API operations" and "Actions, resources, and condition keys for Amazon S3"; other services that have policies read the same.
 *
 * Lists are limited by the condition on s3:prefix, which every list of hx names. Asking the bucket for its region (HEAD) needs nothing: Amazon names
 * it in its refusal, too.
 */

import type { Permission } from "../store/StoreError.ts"
import type { S3Location } from "../store/StoreUrl.ts"

/**
 * What is not needed by push and pull. "versions": deletes forgotten commands from the older versions that a versioned bucket keeps. "restore": brings
 * back archived objects (`hx sync pull --restore`). "lifecycle": reads and writes the bucket's lifecycle (`hx sync lifecycle --apply`), which is
 * the whole bucket's, whatever the prefix.
 */
export type Extra = "versions" | "restore" | "lifecycle"

export const EXTRAS: ReadonlyArray<Extra> = ["versions", "restore", "lifecycle"]

export interface Statement {
  readonly Sid: string
  readonly Effect: "Allow"
  readonly Action: ReadonlyArray<string>
  readonly Resource: string
  readonly Condition?: { readonly StringLike: { readonly "s3:prefix": ReadonlyArray<string> } }
}

export interface AccessPolicy {
  readonly Version: "2012-10-17"
  readonly Statement: ReadonlyArray<Statement>
}

/** For a user or a role; as a bucket's policy it would need a Principal in each statement. */
export const accessPolicy = (
  location: S3Location,
  options: {
    /** For a device that only pulls. */
    readonly readOnly: boolean
    readonly extras: ReadonlyArray<Extra>
    /** Where the bucket is, if that is known: China and GovCloud are partitions of their own. */
    readonly region: string | undefined
  }
): AccessPolicy => {
  const bucket = `arn:${partitionOf(options.region)}:s3:::${location.bucket}`
  const objects = `${bucket}/${location.prefix === "" ? "" : `${literal(location.prefix)}/`}*`
  const within =
    location.prefix === "" ? {} : { Condition: { StringLike: { "s3:prefix": [`${literal(location.prefix)}/*`] } } }
  const on = (Sid: string, Resource: string, Action: ReadonlyArray<string>): Statement => ({
    Sid,
    Effect: "Allow",
    Action,
    Resource
  })
  const extra = (kind: Extra, statements: ReadonlyArray<Statement>) => (options.extras.includes(kind) ? statements : [])
  return {
    Version: "2012-10-17",
    Statement: [
      { ...on("HxList", bucket, ["s3:ListBucket"]), ...within },
      on("HxObjects", objects, options.readOnly ? READING : [...READING, ...WRITING]),
      ...extra("versions", [
        { ...on("HxListVersions", bucket, ["s3:ListBucketVersions"]), ...within },
        on("HxDeleteVersions", objects, ["s3:DeleteObjectVersion"])
      ]),
      ...extra("restore", [on("HxRestore", objects, ["s3:RestoreObject"])]),
      ...extra("lifecycle", [
        on("HxLifecycle", bucket, ["s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"])
      ])
    ]
  }
}

/** "s3:PutObject on arn:aws:s3:::bucket/prefix/*": what would have to be allowed, for all objects of hx and not only the one that was refused. */
export const lackingOn = ({ bucket, prefix }: S3Location, { action, resource }: Permission): string => {
  const end = resource.indexOf(`:::${bucket}/`)
  if (end !== -1) return `${action} on ${resource.slice(0, end)}:::${bucket}/${prefix === "" ? "" : `${prefix}/`}*`
  return `${action} on ${resource}${prefix === "" ? "" : ` for the prefix ${prefix}/*`}`
}

const READING = ["s3:GetObject"]
const WRITING = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]

/** In resources and StringLike, these stand for something else: "${*}" is the character itself. */
const literal = (prefix: string): string => prefix.replace(/[*?$]/g, (character) => `\${${character}}`)

const partitionOf = (region = ""): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws"
