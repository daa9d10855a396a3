/**
 * Large objects go up in parts, with the SDK's lib-storage. It makes its own requests, so it is given a stand-in for the client, through which each of
 * them is recorded, ended with the whole, and retried by nobody.
 *
 * The upload's id is fetched here and told to the caller before the first part goes. A failed or interrupted upload is aborted before this ends, so
 * that no parts stay behind to be paid for; where even that fails, the caller still has the id, and the next run aborts it.
 */

import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { Upload as PartwiseUpload } from "@aws-sdk/lib-storage"
import { Effect, Exit } from "effect"
import type { RequestOperation } from "./RequestLog.ts"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import { StoreError } from "./StoreError.ts"

export interface Upload {
  readonly key: string
  readonly name: string
  readonly bytes: Uint8Array
  readonly partSize: number
  readonly onMultipart: (uploadId: string | null) => Effect.Effect<void>
  readonly onProgress: (sent: number) => void
}

/** Gives the ETag as the store wrote it. */
export const uploadInParts = (s3: S3Connection, upload: Upload): Effect.Effect<string | undefined, StoreError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const uploadId = yield* restore(start(s3, upload))
      yield* upload.onMultipart(uploadId)
      const state: State = { uploadId, aborted: false }
      const exit = yield* Effect.exit(restore(sendParts(s3, upload, state)))
      // What lib-storage did not or could not abort is tried once more.
      const over =
        Exit.isSuccess(exit) || state.aborted || Exit.isSuccess(yield* Effect.exit(abortUpload(s3, upload, uploadId)))
      if (over) yield* upload.onMultipart(null)
      return yield* exit
    })
  )

export const abortUpload = (s3: S3Connection, upload: Pick<Upload, "key" | "name">, uploadId: string) =>
  s3
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

interface State {
  readonly uploadId: string
  /** Set when lib-storage has aborted the upload. */
  aborted: boolean
}

/** How long a dying upload may take to be aborted, in milliseconds. */
const ABORT_WAIT = 5_000

const start = (s3: S3Connection, upload: Upload) =>
  s3.use(requestOf(s3, upload, "start upload", 0), async (client, signal) => {
    const command = new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key: upload.key })
    const { UploadId } = await client.send(command, { abortSignal: signal })
    // Success without an id comes from something that is no S3 service.
    if (UploadId === undefined || UploadId === "") throw notAStore(s3, upload)
    return UploadId
  })

const notAStore = (s3: S3Connection, { key }: Upload): StoreError =>
  new StoreError({
    reason: "NotAStore",
    operation: "put",
    subject: `${s3.bucket}/${key}`,
    detail: "it began no upload"
  })

const sendParts = (s3: S3Connection, upload: Upload, state: State): Effect.Effect<string | undefined, StoreError> =>
  Effect.async((resume) => {
    const controller = new AbortController()
    const sending = new PartwiseUpload({
      client: standIn(s3, upload, state, controller.signal),
      params: {
        Bucket: s3.bucket,
        Key: upload.key,
        Body: Buffer.from(upload.bytes.buffer, upload.bytes.byteOffset, upload.bytes.byteLength)
      },
      partSize: upload.partSize,
      // HX_SYNC_CONCURRENT_UPLOADS counts objects; one part of each at a time keeps it true of requests.
      queueSize: 1,
      leavePartsOnError: false
    })
    sending.on("httpUploadProgress", ({ loaded }) => upload.onProgress(loaded ?? 0))
    const done = sending.done().then(
      ({ ETag }) => resume(Effect.succeed(ETag)),
      (thrown: unknown) => resume(Effect.fail(s3.fail(requestOf(s3, upload, "finish upload", 0), thrown)))
    )
    // lib-storage aborts the upload when a part fails; an interruption waits for that.
    return Effect.promise(() => {
      controller.abort()
      return done
    })
  })

/** As much of a client as lib-storage uses. */
const standIn = (s3: S3Connection, upload: Upload, state: State, signal: AbortSignal): S3Client => {
  const { client } = s3
  const send = (command: Parameters<S3Client["send"]>[0]): Promise<unknown> => {
    if (command instanceof CreateMultipartUploadCommand)
      return Promise.resolve({ UploadId: state.uploadId, $metadata: {} })
    if (command instanceof AbortMultipartUploadCommand) {
      const limit = AbortSignal.timeout(ABORT_WAIT)
      const request = requestOf(s3, upload, "abort upload", 0)
      // The failure that led here is the one to report; uploadInParts tries again.
      return s3
        .record(request, limit, () => client.send(command, { abortSignal: limit }))
        .then(() => void (state.aborted = true))
        .catch(() => undefined)
    }
    const request =
      command instanceof UploadPartCommand
        ? requestOf(s3, upload, "put part", partLength(command.input.Body))
        : requestOf(s3, upload, "finish upload", 0)
    return s3.record(request, signal, () => client.send(command, { abortSignal: signal }))
  }
  return { config: client.config, send } as unknown as S3Client
}

const requestOf = (
  s3: S3Connection,
  { key, name }: Pick<Upload, "key" | "name">,
  request: RequestOperation,
  sent: number,
  operation: StoreError["operation"] = "put"
): S3Request => ({ request, name, sent, operation, subject: `${s3.bucket}/${key}` })

const partLength = (body: unknown): number => (body instanceof Uint8Array ? body.byteLength : 0)
