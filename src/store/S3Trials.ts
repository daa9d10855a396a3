/** Things that only S3 can be tried for: uploads in parts, versions of objects, and whether its clock and ours agree. */

import {
  CreateMultipartUploadCommand,
  GetBucketVersioningCommand,
  type S3Client,
  UploadPartCommand
} from "@aws-sdk/client-s3"
import { type Clock, Effect } from "effect"
import { type Failed, failedWith, type Found, found, skipped, warning } from "./Checks.ts"
import type { RequestOperation } from "./RequestLog.ts"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import { abortUpload } from "./S3Upload.ts"
import { StoreError, type StoreErrorReason } from "./StoreError.ts"
import type { RetryPolicy } from "./StorePolicy.ts"

type Step = Effect.Effect<Found, Failed<StoreError>>

/** An upload is begun, sent one part and aborted; interrupted, too. */
export const takesParts = (
  s3: S3Connection,
  object: { readonly key: string; readonly name: string },
  retry: RetryPolicy
): Step => {
  const start = s3.use(requestOf(s3, object, "start upload"), async (client, signal) => {
    const command = new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key: object.key })
    const { UploadId = "" } = await client.send(command, { abortSignal: signal })
    return UploadId
  })
  const part = (uploadId: string) =>
    s3.use({ ...requestOf(s3, object, "put part"), sent: PART.length }, (client, signal) =>
      client.send(
        new UploadPartCommand({ Bucket: s3.bucket, Key: object.key, UploadId: uploadId, PartNumber: 1, Body: PART }),
        { abortSignal: signal }
      )
    )
  return Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const uploadId = yield* restore(Effect.retry(start, retry))
      if (uploadId === "") return yield* notAStore(s3, object.key)
      const sent = yield* Effect.exit(restore(Effect.retry(part(uploadId), retry)))
      yield* abortUpload(s3, object, uploadId)
      yield* sent
      return found("an upload was begun, sent a part and aborted")
    })
  ).pipe(Effect.mapError((error) => failedWith(error, error.permission?.action === ABORT ? { cure: PARTS_STAY } : {})))
}

const PART = Buffer.alloc(1024, "hx")

const ABORT = "s3:AbortMultipartUpload"

const PARTS_STAY =
  "Allow it in the policy: until then the parts of interrupted uploads stay in the bucket, and are billed."

const requestOf = (
  s3: S3Connection,
  { key, name }: { readonly key: string; readonly name: string },
  request: RequestOperation
): S3Request => ({ request, name, operation: "put", subject: `${s3.bucket}/${key}` })

const notAStore = (s3: S3Connection, key: string) =>
  new StoreError({
    reason: "NotAStore",
    operation: "put",
    subject: `${s3.bucket}/${key}`,
    detail: "it began no upload"
  })

/** Whether older versions of objects are kept. Not needed by sync, so that nobody has to be permitted to ask. */
export const keepsVersions = (s3: S3Connection, retry: RetryPolicy): Step =>
  s3
    .use({ request: "get", name: "", operation: "open", subject: s3.bucket }, (client, signal) =>
      client.send(new GetBucketVersioningCommand({ Bucket: s3.bucket }), { abortSignal: signal })
    )
    .pipe(
      Effect.retry(retry),
      Effect.map(({ Status }) => found(VERSIONING[Status ?? ""] ?? "off")),
      Effect.catchIf(
        ({ reason }) => UNASKABLE.has(reason),
        () => Effect.succeed(skipped("may not be asked (s3:GetBucketVersioning); sync does not need to"))
      ),
      Effect.mapError((error) => failedWith(error))
    )

const VERSIONING: Readonly<Record<string, string>> = {
  Enabled: "on: what is forgotten is deleted in all its versions, where that is permitted",
  Suspended: "suspended: versions from before are kept"
}

const UNASKABLE: ReadonlySet<StoreErrorReason> = new Set(["AccessDenied", "Unsupported", "Misconfigured", "Absent"])

/** Milliseconds since 1970 at about the same moment, by the service's clock and by ours. */
interface Times {
  theirs: number | undefined
  ours: number
}

/** Keeps what the latest answer says of the time, refusals included. */
export const noteDates = (client: S3Client, clock: Clock.Clock): Times => {
  const times: Times = { theirs: undefined, ours: 0 }
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> }
      const date = Date.parse(headers?.["date"] ?? "")
      if (!Number.isNaN(date)) {
        // The header has whole seconds.
        times.theirs = date + 500
        times.ours = clock.unsafeCurrentTimeMillis()
      }
      return result
    },
    { step: "deserialize", priority: "low", name: "hxNoteDate" }
  )
  return times
}

/** Milliseconds. S3 refuses what is signed 15 minutes off; before that, history is merely dated wrongly. */
const REFUSED = 15 * 60_000
const WORTH_TELLING = 5 * 60_000
const NEGLIGIBLE = 5_000

export const keepsTime = (times: Times): Step =>
  Effect.suspend(() => {
    if (times.theirs === undefined) return Effect.succeed(skipped("no answer told the time"))
    const ahead = times.ours - times.theirs
    const off = Math.abs(ahead)
    if (off < NEGLIGIBLE) return Effect.succeed(found("agrees with the store's"))
    const detail = `${spoken(off)} ${ahead > 0 ? "ahead of" : "behind"} the store's`
    if (off < WORTH_TELLING) return Effect.succeed(found(detail))
    const cure = "Set the clock of this machine: timedatectl set-ntp true. S3 refuses requests that are 15 minutes off."
    if (off < REFUSED) return Effect.succeed(warning(detail, cure))
    const error = new StoreError({ reason: "ClockSkewed", operation: "open", subject: "this machine's clock", detail })
    return Effect.fail(failedWith(error, { cure, stops: false }))
  })

const spoken = (millis: number): string => {
  const minutes = Math.round(millis / 60_000)
  if (millis < 60_000) return `${Math.round(millis / 1000)} s`
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
