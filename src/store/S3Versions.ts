/**
 * On a versioned bucket a deleted object lives on in its older versions. What was forgotten has to be gone, so these are deleted too, one by one
 * (deleting many at once wants a checksum that not every service understands). That needs permissions which not everybody has.
 */

import { DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import type { Deleted } from "./ObjectStore.ts"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import type { StoreError } from "./StoreError.ts"

/** Deletes all versions of the object and the marks of its deletion, or tells that it may not. */
export const deleteVersions = (s3: S3Connection, request: S3Request, key: string): Effect.Effect<Deleted, StoreError> =>
  Effect.gen(function* () {
    // Deleting what a page listed leaves the rest for the next first page.
    for (let more = true; more;) {
      const page = yield* listVersions(s3, request, key)
      yield* Effect.forEach(page.versions, (version) => deleteVersion(s3, request, key, version), { discard: true })
      more = page.more && page.versions.length > 0
    }
    return { versionsLeft: false }
  }).pipe(
    Effect.catchIf(
      (error) => NOT_PERMITTED.has(error.reason),
      () => Effect.succeed({ versionsLeft: true })
    )
  )

const NOT_PERMITTED: ReadonlySet<string> = new Set(["AccessDenied", "Unsupported", "Misconfigured"])

const listVersions = (s3: S3Connection, request: S3Request, key: string) =>
  s3
    .use({ ...request, request: "list" }, (client, signal) =>
      client.send(new ListObjectVersionsCommand({ Bucket: s3.bucket, Prefix: key }), { abortSignal: signal })
    )
    .pipe(
      Effect.map(({ DeleteMarkers = [], IsTruncated, Versions = [] }) => ({
        more: IsTruncated === true,
        // The prefix matches longer keys as well.
        versions: [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
          Key === key && VersionId !== undefined ? [VersionId] : []
        )
      }))
    )

const deleteVersion = (s3: S3Connection, request: S3Request, key: string, version: string) =>
  s3.use(request, (client, signal) =>
    client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: key, VersionId: version }), {
      abortSignal: signal
    })
  )
