/**
 * Large objects go up in parts, with the SDK's lib-storage. It makes its own requests, so it is given a stand-in for the client: each of them is made
 * here instead, as one request like all others, and tried again by itself. What has arrived is not sent once more because a later part failed.
 *
 * The caller is told that an upload begins before it is asked for, and its id before the first part goes. A failed or interrupted upload is aborted
 * before this ends, so that no parts stay behind to be paid for; where even that fails, the caller still has the id, and the next run aborts it.
 */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { Upload as PartwiseUpload } from "@aws-sdk/lib-storage"
import { Cause, Effect, Exit, Fiber, Option, Queue } from "effect"
import { UNHEARD_UPLOAD, type UnfinishedUpload } from "./ObjectStore.ts"
import type { RequestOperation } from "./RequestLog.ts"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import { isAmbiguous, StoreError } from "./StoreError.ts"
import type { RetryPolicy } from "./StorePolicy.ts"

export interface Upload {
  readonly key: string
  readonly name: string
  readonly bytes: Uint8Array
  readonly partSize: number
  /** For each request of the upload by itself. */
  readonly retry: RetryPolicy
  readonly onMultipart: (uploadId: string | null) => Effect.Effect<void>
  readonly onProgress: (sent: number) => void
}

/** Gives the ETag as the store wrote it. */
export const uploadInParts = (s3: S3Connection, upload: Upload): Effect.Effect<string | undefined, StoreError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      yield* upload.onMultipart(UNHEARD_UPLOAD)
      // No child: those are interrupted with their parent, and this one may be given a moment longer.
      const starting = yield* Effect.forkDaemon(Effect.interruptible(start(s3, upload)))
      const started = yield* Effect.exit(restore(Fiber.join(starting)))
      if (Exit.isFailure(started)) {
        if (Cause.isInterrupted(started.cause)) yield* abortLate(s3, upload, starting)
        else if (wasRefused(started.cause)) yield* upload.onMultipart(null)
        return yield* Effect.failCause(started.cause)
      }
      const { uploadId, unheard } = started.value
      yield* upload.onMultipart(uploadId)
      const exit = yield* Effect.exit(restore(sendParts(s3, upload, uploadId)))
      const over = Exit.isSuccess(exit) || Exit.isSuccess(yield* Effect.exit(abortUpload(s3, upload, uploadId)))
      if (over && unheard) yield* Effect.ignore(restore(abortUnheard(s3, upload)))
      if (over) yield* upload.onMultipart(null)
      return yield* exit
    })
  )

/** Interrupted while the upload was asked for: its id may be about to come. */
const abortLate = (s3: S3Connection, upload: Upload, starting: Fiber.Fiber<Started, StoreError>) =>
  Effect.gen(function* () {
    const late = yield* Effect.option(Effect.timeout(Fiber.join(starting), ABORT_WAIT))
    yield* Fiber.interrupt(starting)
    if (Option.isNone(late)) return
    yield* abortUpload(s3, upload, late.value.uploadId)
    yield* upload.onMultipart(null)
  }).pipe(Effect.ignore)

/** Aborts an upload; UNHEARD_UPLOAD: all that were begun for this object. */
export const abortUpload = (s3: S3Connection, upload: Place, uploadId: string): Effect.Effect<void, StoreError> =>
  uploadId === UNHEARD_UPLOAD
    ? abortUnheard(s3, upload)
    : s3
        .use(requestOf(s3, upload, "abort upload", 0, "delete"), (client, signal) =>
          client.send(new AbortMultipartUploadCommand({ Bucket: s3.bucket, Key: upload.key, UploadId: uploadId }), {
            abortSignal: AbortSignal.any([signal, AbortSignal.timeout(ABORT_WAIT)])
          })
        )
        .pipe(
          Effect.asVoid,
          Effect.catchIf(
            // A server that aborts nothing (s3rver) has nothing that could be aborted later.
            (error) => error.reason === "Absent" || error.reason === "Unsupported",
            () => Effect.void
          )
        )

/** Whose id nobody heard has no parts: where the store does not list uploads, or not to us, nothing is lost by leaving it. */
const abortUnheard = (s3: S3Connection, upload: Place): Effect.Effect<void, StoreError> =>
  s3
    .use(requestOf(s3, upload, "list", 0, "list"), (client, signal) =>
      client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: upload.key }), { abortSignal: signal })
    )
    .pipe(
      Effect.map(({ Uploads = [] }) =>
        Uploads.flatMap(({ Key, UploadId }) => (Key === upload.key && UploadId !== undefined ? [UploadId] : []))
      ),
      Effect.catchIf(
        ({ reason }) => NOT_LISTED.has(reason),
        () => Effect.succeed([])
      ),
      Effect.flatMap((ids: ReadonlyArray<string>) =>
        Effect.forEach(ids, (uploadId) => abortUpload(s3, upload, uploadId), { discard: true })
      )
    )

const NOT_LISTED: ReadonlySet<StoreError["reason"]> = new Set([
  "AccessDenied",
  "Unsupported",
  "Absent",
  "NotAStore",
  "Misconfigured"
])

/** Aborts whatever was begun below a key and is neither finished nor aborted, as far as the store lists it, and to us. */
export const abortBelow = (s3: S3Connection, keyPrefix: string, base: string): Effect.Effect<void, StoreError> =>
  unfinishedUploads(s3, keyPrefix, base).pipe(
    Effect.flatMap((uploads) =>
      Effect.forEach(uploads, ({ name, uploadId }) => abortUpload(s3, { key: `${base}${name}`, name }, uploadId), {
        discard: true
      })
    ),
    Effect.catchIf(
      ({ reason }) => NOT_LISTED.has(reason),
      () => Effect.void
    )
  )

/** What was begun below a key and is neither finished nor aborted: one request, for the first thousand. `base` is what goes before the names. */
export const unfinishedUploads = (
  s3: S3Connection,
  keyPrefix: string,
  base: string
): Effect.Effect<ReadonlyArray<UnfinishedUpload>, StoreError> =>
  s3
    .use(requestOf(s3, { key: keyPrefix, name: "" }, "list", 0, "list"), (client, signal) =>
      client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: keyPrefix }), { abortSignal: signal })
    )
    .pipe(
      Effect.map(({ Uploads = [] }) =>
        Uploads.flatMap(({ Initiated, Key = "", UploadId }) => {
          if (!Key.startsWith(keyPrefix) || UploadId === undefined) return []
          const begun = Initiated === undefined ? Number.NaN : Initiated.getTime() * 1000
          return [{ name: Key.slice(base.length), uploadId: UploadId, begun: Number.isFinite(begun) ? begun : null }]
        })
      )
    )

type Place = Pick<Upload, "key" | "name">

/** How long a dying upload may take to be aborted, in milliseconds. */
const ABORT_WAIT = 5_000

interface Started {
  readonly uploadId: string
  /** An earlier attempt may have begun another one. */
  readonly unheard: boolean
}

const start = (s3: S3Connection, upload: Upload): Effect.Effect<Started, StoreError> =>
  Effect.suspend(() => {
    let unheard = false
    return s3
      .use(requestOf(s3, upload, "start upload", 0), async (client, signal) => {
        const command = new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key: upload.key })
        const { UploadId } = await client.send(command, { abortSignal: signal })
        // Success without an id comes from something that is no S3 service.
        if (UploadId === undefined || UploadId === "") throw notAStore(s3, upload)
        return UploadId
      })
      .pipe(
        Effect.tapError(({ reason }) => Effect.sync(() => void (unheard ||= isAmbiguous(reason)))),
        repeated(upload),
        Effect.map((uploadId) => ({ uploadId, unheard }))
      )
  })

/** Whether the store certainly began nothing. */
const wasRefused = (cause: Cause.Cause<StoreError>): boolean =>
  cause._tag === "Fail" && !isAmbiguous(cause.error.reason)

/** One request, as often as the policy allows; whoever repeats whole uploads need not do so again. */
const repeated =
  ({ retry }: Upload) =>
  <A>(request: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    Effect.mapError(Effect.retry(request, retry), spent)

const spent = (error: StoreError): StoreError => new StoreError({ ...error, spent: true })

const notAStore = (s3: S3Connection, { key }: Upload): StoreError =>
  new StoreError({
    reason: "NotAStore",
    operation: "put",
    subject: `${s3.bucket}/${key}`,
    detail: "it began no upload"
  })

type Command = Parameters<S3Client["send"]>[0]

/** A request that lib-storage waits for. */
interface Wanted {
  readonly command: Command
  readonly resolve: (output: unknown) => void
  readonly reject: (error: StoreError) => void
}

/** lib-storage says what to send, and in which order; the requests are made here, where they can be retried and interrupted. */
const sendParts = (s3: S3Connection, upload: Upload, uploadId: string): Effect.Effect<string | undefined, StoreError> =>
  Effect.gen(function* () {
    const wanted = yield* Queue.unbounded<Wanted>()
    const client = standIn(s3.client, uploadId, (each) => void wanted.unsafeOffer(each))
    const sending = new PartwiseUpload({
      client,
      params: {
        Bucket: s3.bucket,
        Key: upload.key,
        Body: Buffer.from(upload.bytes.buffer, upload.bytes.byteOffset, upload.bytes.byteLength)
      },
      partSize: upload.partSize,
      // HX_SYNC_CONCURRENT_UPLOADS counts objects; one part of each at a time keeps it true of requests.
      queueSize: 1,
      // uploadInParts aborts.
      leavePartsOnError: true
    })
    const done = Effect.tryPromise({
      try: () => sending.done(),
      catch: (thrown) => s3.fail(requestOf(s3, upload, "finish upload", 0), thrown)
    })
    const serve = Effect.flatMap(Queue.take(wanted), ({ command, reject, resolve }) =>
      Effect.match(perform(s3, upload, command), { onSuccess: resolve, onFailure: reject })
    )
    const { ETag } = yield* Effect.raceFirst(done, Effect.forever(serve))
    return ETag
  })

/** As much of a client as lib-storage uses. */
const standIn = ({ config }: S3Client, uploadId: string, want: (wanted: Wanted) => void): S3Client => {
  const send = (command: Command): Promise<unknown> =>
    command instanceof CreateMultipartUploadCommand
      ? Promise.resolve({ UploadId: uploadId, $metadata: {} })
      : new Promise((resolve, reject) => want({ command, resolve, reject }))
  return { config, send } as unknown as S3Client
}

const perform = (s3: S3Connection, upload: Upload, command: Command): Effect.Effect<unknown, StoreError> => {
  if (command instanceof UploadPartCommand) return sendPart(s3, upload, command)
  if (command instanceof CompleteMultipartUploadCommand) return finish(s3, upload, command)
  return Effect.die(new Error("lib-storage made a request that it has not made before"))
}

const sendPart = (s3: S3Connection, upload: Upload, command: UploadPartCommand) => {
  const { Body: body, PartNumber: number = 1 } = command.input
  const before = (number - 1) * upload.partSize
  const length = body instanceof Uint8Array ? body.byteLength : 0
  if (body instanceof Uint8Array) s3.onSent(body, (sent) => upload.onProgress(before + sent))
  return s3
    .use(requestOf(s3, upload, "put part", length), (client, signal) => client.send(command, { abortSignal: signal }))
    .pipe(
      repeated(upload),
      Effect.tap(() => Effect.sync(() => upload.onProgress(before + length)))
    )
}

/** Once an answer was lost, "no such upload" may mean that it is finished: the first failure stands, and the caller looks. */
const finish = (
  s3: S3Connection,
  upload: Upload,
  command: CompleteMultipartUploadCommand
): Effect.Effect<CompleteMultipartUploadCommandOutput, StoreError> =>
  Effect.suspend(() => {
    let doubtful: StoreError | undefined
    return s3
      .use(requestOf(s3, upload, "finish upload", 0), (client, signal) => client.send(command, { abortSignal: signal }))
      .pipe(
        Effect.tapError((error) =>
          Effect.sync(() => {
            if (isAmbiguous(error.reason)) doubtful ??= error
          })
        ),
        Effect.retry(upload.retry),
        Effect.mapError((error) => spent(error.reason === "Absent" ? (doubtful ?? error) : error))
      )
  })

const requestOf = (
  s3: S3Connection,
  { key, name }: Place,
  request: RequestOperation,
  sent: number,
  operation: StoreError["operation"] = "put"
): S3Request => ({ request, name, sent, operation, subject: `${s3.bucket}/${key}` })
