/**
 * A store in a bucket of Amazon S3 or a service like it. One attempt each; retries, limits and the overall deadline are decorators.
 *
 * What answers is not always S3: a hotel's login page says 200 to everything. So a list must name the bucket, and whatever is read or written must
 * come with an ETag; anything else is NotAStore.
 */

import {
  type _Object,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand
} from "@aws-sdk/client-s3"
import { Chunk, Effect, Option, Stream } from "effect"
import { checkName, isObjectName, isReadableName } from "./ObjectName.ts"
import type { ObjectInfo, ObjectStoreService, PutCondition, PutOptions, StoreCapabilities } from "./ObjectStore.ts"
import type { RequestLogService, RequestOperation } from "./RequestLog.ts"
import { absentIfUnlisted } from "./S3Absence.ts"
import { readBody } from "./S3Body.ts"
import { openConnection, type S3Connection, type S3Request } from "./S3Connection.ts"
import { restoreObject } from "./S3Restore.ts"
import { abortBelow, abortUpload, unfinishedUploads, uploadInParts } from "./S3Upload.ts"
import { deleteVersions, purgeVersions } from "./S3Versions.ts"
import { StoreError } from "./StoreError.ts"
import type { StorePolicy } from "./StorePolicy.ts"
import { describeLocation, type S3Location, type StoreCredentials } from "./StoreUrl.ts"

/** Sends nothing. */
export const openS3Store = Effect.fn("S3Store.open")(function* (
  location: S3Location,
  credentials: Option.Option<StoreCredentials>,
  capabilities: StoreCapabilities,
  policy: StorePolicy,
  log: RequestLogService
) {
  const s3 = yield* openConnection(location, credentials, policy, log)
  return makeS3Store(s3, location, capabilities, policy)
})

/** The location with its region, whoever told it; asked of the bucket where nobody does: at most one request. */
export const settleRegion = (
  location: S3Location,
  credentials: Option.Option<StoreCredentials>,
  policy: StorePolicy,
  log: RequestLogService
): Effect.Effect<S3Location, StoreError> =>
  Option.isSome(location.region)
    ? Effect.succeed(location)
    : Effect.scoped(
        Effect.gen(function* () {
          const s3 = yield* openConnection(location, credentials, policy, log)
          return { ...location, region: Option.some(yield* s3.region) }
        })
      )

export const makeS3Store = (
  s3: S3Connection,
  location: S3Location,
  capabilities: StoreCapabilities,
  policy: StorePolicy
): ObjectStoreService => {
  const { bucket, prefix } = location
  const keyOf = (name: string): string => (prefix === "" ? name : `${prefix}/${name}`)
  const requestOf = (operation: S3Request["operation"], request: RequestOperation, name: string): S3Request => ({
    operation,
    request,
    name,
    subject: `${bucket}/${keyOf(name)}`
  })

  // Whether the bucket keeps versions, as its answers tell; until one does, it may.
  let keepsVersions: boolean | undefined
  const putWhole = (name: string, bytes: Uint8Array, { condition, onProgress }: PutOptions) =>
    Effect.suspend(() => {
      // A buffer: a stream would be sent in chunks with trailers.
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (onProgress !== undefined) s3.onSent(body, onProgress)
      return s3.use({ ...requestOf("put", "put", name), sent: bytes.length, condition }, (client, signal) =>
        client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: keyOf(name),
            Body: body,
            ...conditionHeaders(condition, capabilities)
          }),
          { abortSignal: signal }
        )
      )
    }).pipe(
      Effect.map(({ ETag, VersionId }) => {
        keepsVersions = keepsVersions === true || VersionId !== undefined
        return ETag
      })
    )

  const putParts = (name: string, bytes: Uint8Array, options: PutOptions) =>
    uploadInParts(s3, {
      key: keyOf(name),
      name,
      bytes,
      partSize: policy.partSize,
      retry: policy.retry,
      onMultipart: options.onMultipart ?? (() => Effect.void),
      onProgress: options.onProgress ?? (() => {})
    })

  const head = (name: string) => {
    const request = requestOf("put", "head", name)
    return s3
      .use({ ...request, head: true }, (client, signal) =>
        client.send(new HeadObjectCommand({ Bucket: bucket, Key: keyOf(name) }), { abortSignal: signal })
      )
      .pipe(
        absentIfUnlisted(s3, request, keyOf(name)),
        Effect.map(({ ETag }) => ETag)
      )
  }

  /** Completing an upload is no place for conditions (some services ignore them there), and looking first saves sending it all. */
  const refuseExisting = (name: string) =>
    head(name).pipe(
      Effect.zipRight(
        new StoreError({ reason: "AlreadyExists", operation: "put", subject: `${bucket}/${keyOf(name)}` })
      ),
      Effect.catchIf(
        (error) => error.reason === "Absent",
        () => Effect.void
      )
    )

  return {
    display: describeLocation(location),
    capabilities,
    list: (listed) => listPages(s3, requestOf("list", "list", listed), keyOf(""), keyOf(listed)),
    get: Effect.fn("S3Store.get")(function* (name, maxBytes, onProgress) {
      yield* checkName("get", name, isReadableName)
      const request = requestOf("get", "get", name)
      const found = yield* s3
        .use(
          request,
          async (client, signal) => {
            const command = new GetObjectCommand({ Bucket: bucket, Key: keyOf(name) })
            const output = await client.send(command, { abortSignal: signal })
            const bytes = await readBody(output, { maxBytes, timeout: policy.timeout }, request.subject, onProgress)
            return { bytes, etag: output.ETag }
          },
          ({ bytes }) => bytes.length
        )
        .pipe(absentIfUnlisted(s3, request, keyOf(name)))
      return { bytes: found.bytes, etag: yield* requireEtag(request, found.etag) }
    }),
    put: Effect.fn("S3Store.put")(function* (name, bytes, options) {
      yield* checkName("put", name, isObjectName)
      const { condition } = options
      const inParts = bytes.length > policy.partSize && condition._tag !== "IfMatch"
      if (inParts && condition._tag === "Create" && capabilities.createOnly) yield* refuseExisting(name)
      const written = yield* inParts ? putParts(name, bytes, options) : putWhole(name, bytes, options)
      // Ceph 16 completes an upload with an empty ETag; it need not all be sent again because asking for it fails.
      const known = written === "" ? yield* Effect.retry(head(name), policy.retry) : written
      const etag = yield* requireEtag(requestOf("put", "put", name), known)
      options.onProgress?.(bytes.length)
      return { etag }
    }),
    delete: Effect.fn("S3Store.delete")(function* (name) {
      yield* checkName("delete", name, isReadableName)
      const request = requestOf("delete", "delete", name)
      const deleted = yield* s3
        .use(request, (client, signal) =>
          client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(name) }), { abortSignal: signal })
        )
        .pipe(
          Effect.catchIf(
            (error) => error.reason === "Absent",
            () => Effect.succeed(undefined)
          )
        )
      const versioned = deleted?.VersionId !== undefined || deleted?.DeleteMarker === true
      return versioned ? yield* deleteVersions(s3, request, keyOf(name)) : { versionsLeft: false }
    }),
    abortMultipart: Effect.fn("S3Store.abortMultipart")((name, uploadId) =>
      abortUpload(s3, { key: keyOf(name), name }, uploadId)
    ),
    purge: Effect.fn("S3Store.purge")(function* (purged) {
      const keyPrefix = keyOf(purged)
      if (purged.endsWith("/")) yield* abortBelow(s3, keyPrefix, keyOf(""))
      const options = {
        keyPrefix,
        exact: OBJECT_NAME.test(purged),
        concurrency: policy.uploads,
        mayHave: keepsVersions ?? true
      }
      return yield* purgeVersions(s3, requestOf("delete", "delete", purged), options)
    }),
    uploads: Effect.fn("S3Store.uploads")((prefix) => unfinishedUploads(s3, keyOf(prefix), keyOf(""))),
    restore: Effect.fn("S3Store.restore")(function* (name, from) {
      yield* checkName("restore", name, isReadableName)
      return yield* restoreObject(s3, requestOf("restore", "restore", name), keyOf(name), from)
    })
  }
}

/** More than any vault has: a server could go on for ever. */
const MAX_PAGES = 2_000
const MAX_LISTED = 500_000

const listPages = (
  s3: S3Connection,
  request: S3Request,
  base: string,
  keyPrefix: string
): Stream.Stream<ObjectInfo, StoreError> =>
  Stream.paginateChunkEffect(
    { token: undefined as string | undefined, pages: 1, listed: 0 },
    ({ listed, pages, token }) =>
      Effect.gen(function* () {
        const page = yield* s3.use(request, (client, signal) =>
          client.send(
            new ListObjectsV2Command({
              Bucket: s3.bucket,
              ...(keyPrefix === "" ? {} : { Prefix: keyPrefix }),
              ...(token === undefined ? {} : { ContinuationToken: token })
            }),
            { abortSignal: signal }
          )
        )
        if (page.Name !== s3.bucket || typeof page.IsTruncated !== "boolean") return yield* notAStore(request)
        const next = page.IsTruncated ? page.NextContinuationToken : undefined
        if (page.IsTruncated && (next === undefined || next === token)) {
          return yield* new StoreError({
            ...place(request),
            reason: "ServerFailure",
            detail: "it has more, but not where"
          })
        }
        if (!(page.Contents ?? []).every(isPlausible)) return yield* notAStore(request)
        const objects = (page.Contents ?? []).flatMap(({ Key = "", ETag, LastModified, Size, StorageClass }) => {
          const name = Key.slice(base.length)
          // Others' objects, and what some tools put to stand for a folder.
          if (!Key.startsWith(keyPrefix) || ETag === undefined || !isReadableName(name)) return []
          return [
            {
              name,
              etag: unquoted(ETag),
              size: Size ?? 0,
              ...(StorageClass === undefined ? {} : { storageClass: StorageClass }),
              ...timed(LastModified)
            }
          ]
        })
        const further = { token: next, pages: pages + 1, listed: listed + (page.Contents?.length ?? 0) }
        if (next !== undefined && (pages === MAX_PAGES || further.listed > MAX_LISTED)) {
          return yield* new StoreError({ ...place(request), reason: "NotAStore", detail: "its list does not end" })
        }
        return [Chunk.fromIterable(objects), next === undefined ? Option.none() : Option.some(further)] as const
      })
  )

const timed = (modified: Date | undefined): { readonly modified?: number } => {
  const millis = modified?.getTime()
  return millis === undefined || !Number.isFinite(millis) ? {} : { modified: millis * 1000 }
}

/** Sizes are counted with and the rest is kept in memory, for as many objects as there are. */
const isPlausible = ({ ETag, Size = 0, StorageClass }: _Object): boolean =>
  Number.isSafeInteger(Size) && Size >= 0 && [ETag, StorageClass].every((text = "") => text.length <= LONGEST)

/** Characters; no service comes near it. */
const LONGEST = 256

/** Where the store keeps no condition, none is sent: some answer 501. */
const conditionHeaders = (condition: PutCondition, { createOnly, ifMatch }: StoreCapabilities) => {
  if (condition._tag === "Create" && createOnly) return { IfNoneMatch: "*" }
  if (condition._tag === "IfMatch" && ifMatch !== "none") {
    return { IfMatch: ifMatch === "quoted" ? `"${condition.etag}"` : condition.etag }
  }
  return {}
}

const requireEtag = (request: S3Request, etag: string | undefined): Effect.Effect<string, StoreError> =>
  etag === undefined || etag === "" ? notAStore(request) : Effect.succeed(unquoted(etag))

const unquoted = (etag: string): string => etag.replace(/^W\//, "").replaceAll('"', "")

const place = ({ operation, subject }: S3Request) => ({ operation, subject })

const notAStore = (request: S3Request) =>
  new StoreError({
    ...place(request),
    reason: "NotAStore",
    detail: "it answers, but not as S3 does; does this network ask for a login, or is the endpoint another service?"
  })

/** Not the beginning of several. */
const OBJECT_NAME = /\.(json|hxm|hxs)$/
