/**
 * On a versioned bucket a deleted object lives on in its older versions. What was forgotten has to be gone, so these are deleted too, one by one
 * (deleting many at once wants a checksum that not every service understands). That needs permissions which not everybody has.
 */

import { DeleteObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import type { Deleted, Purged } from "./ObjectStore.ts"
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

/**
 * Deletes, under keys with this prefix, every version but those that stand: older ones, and all of a deleted object before the marks of its deletion,
 * so that it never comes back. `mayHave`: whether the bucket is known to keep versions (false: it is known not to), for where we may not look.
 */
export const purgeVersions = (
  s3: S3Connection,
  request: S3Request,
  options: {
    readonly keyPrefix: string
    /** No longer keys: somebody may have put a copy beside it. */
    readonly exact: boolean
    readonly concurrency: number
    readonly mayHave: boolean
  }
): Effect.Effect<Purged, StoreError> =>
  allVersions(s3, request, options.keyPrefix).pipe(
    Effect.map((found) => (options.exact ? found.filter(({ key }) => key === options.keyPrefix) : found)),
    Effect.flatMap((found) => purgeListed(s3, request, found, options.concurrency)),
    Effect.catchIf(
      (error) => NOT_PERMITTED.has(error.reason),
      // A service that knows no such list keeps no versions.
      (error) => Effect.succeed({ deleted: 0, left: options.mayHave && error.reason === "AccessDenied" ? null : 0 })
    )
  )

const purgeListed = Effect.fnUntraced(function* (
  s3: S3Connection,
  request: S3Request,
  found: ReadonlyArray<Version>,
  concurrency: number
) {
  // The mark of a deletion is deleted last, and only where nothing is left that would come to light.
  const bodies = found.filter((version) => !version.isMark && !version.isLatest)
  const marks = found.filter((version) => version.isMark)
  const kept = new Set<string>()
  const remove = (version: Version) =>
    deleteVersion(s3, request, version.key, version.id).pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => NOT_PERMITTED.has(error.reason),
        () => Effect.sync(() => !kept.add(version.key))
      )
    )
  const [first, ...others] = bodies
  // Where the first may not be deleted, others hardly may: an object lock holds single versions, a policy all.
  const begun = first === undefined ? [] : [yield* remove(first)]
  const few = begun[0] === false ? others.slice(0, TRIED_AFTER_REFUSAL) : others
  const tried = [...begun, ...(yield* Effect.forEach(few, remove, { concurrency }))]
  const rest = tried.some((gone) => gone) ? others.slice(few.length) : []
  const all = [...tried, ...(yield* Effect.forEach(rest, remove, { concurrency }))]
  const gone = all.filter((each) => each).length
  if (gone === bodies.length) {
    yield* Effect.forEach(
      marks.filter(({ key }) => !kept.has(key)),
      remove,
      { concurrency, discard: true }
    )
  }
  return { deleted: gone, left: bodies.length - gone } satisfies Purged as Purged
})

const TRIED_AFTER_REFUSAL = 5

interface Version {
  readonly key: string
  readonly id: string
  /** What stands under the key, or says that nothing does. */
  readonly isLatest: boolean
  /** The mark of a deletion. */
  readonly isMark: boolean
}

/** A server could go on for ever; a device that published every minute for a year has half a million. */
const MAX_PAGES = 1_000

const allVersions = Effect.fnUntraced(function* (s3: S3Connection, request: S3Request, keyPrefix: string) {
  const found: Array<Version> = []
  let from: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {}
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = yield* s3.use({ ...request, operation: "list", request: "list" }, (client, signal) =>
      client.send(new ListObjectVersionsCommand({ Bucket: s3.bucket, Prefix: keyPrefix, ...from }), {
        abortSignal: signal
      })
    )
    const { DeleteMarkers = [], IsTruncated, NextKeyMarker, NextVersionIdMarker, Versions = [] } = answer
    for (const [isMark, listed] of [[false, Versions] as const, [true, DeleteMarkers] as const]) {
      for (const { IsLatest, Key, VersionId } of listed) {
        if (Key?.startsWith(keyPrefix) !== true || VersionId === undefined) continue
        // What does not say that it is old is taken to stand.
        found.push({ key: Key, id: VersionId, isLatest: IsLatest !== false, isMark })
      }
    }
    const next = {
      ...(NextKeyMarker === undefined ? {} : { KeyMarker: NextKeyMarker }),
      ...(NextVersionIdMarker === undefined ? {} : { VersionIdMarker: NextVersionIdMarker })
    }
    const stuck = next.KeyMarker === from.KeyMarker && next.VersionIdMarker === from.VersionIdMarker
    if (IsTruncated !== true || stuck) break
    from = next
  }
  return found as ReadonlyArray<Version>
})

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
