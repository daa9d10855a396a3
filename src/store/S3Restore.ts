/** Asks for an archived object to be made readable. The copy stands beside the object for some days; its class does not change. */

import { type _Error, RestoreObjectCommand, type RestoreRequest } from "@aws-sdk/client-s3"
import type { Effect } from "effect"
import { type ArchiveClass, RESTORED_DAYS } from "./ArchiveClass.ts"
import type { Restoration } from "./ObjectStore.ts"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import type { StoreError } from "./StoreError.ts"

export const restoreObject = (
  s3: S3Connection,
  request: S3Request,
  key: string,
  from: ArchiveClass
): Effect.Effect<Restoration, StoreError> =>
  s3.use(request, (client, signal) => {
    const command = new RestoreObjectCommand({ Bucket: s3.bucket, Key: key, RestoreRequest: requestFor(from) })
    return client.send(command, { abortSignal: signal }).then(
      // 202: it begins. 200: it is there, and stays for as many days more.
      ({ $metadata }): Restoration => ($metadata.httpStatusCode === 200 ? "Readable" : "Started"),
      (thrown: unknown) => {
        const answer = ANSWERS[nameOf(thrown)]
        if (answer === undefined) throw thrown
        return answer
      }
    )
  })

/** Standard is the middle tier: hours, for cents. INTELLIGENT_TIERING moves the object itself back, and refuses a number of days. */
const requestFor = (from: ArchiveClass): RestoreRequest => ({
  ...(from === "GLACIER" || from === "DEEP_ARCHIVE" ? { Days: RESTORED_DAYS } : {}),
  GlacierJobParameters: { Tier: "Standard" }
})

/** Refusals that are answers. */
const ANSWERS: Readonly<Record<string, Restoration>> = {
  RestoreAlreadyInProgress: "UnderWay",
  ObjectAlreadyInActiveTierError: "Readable",
  // Of a read it means archived; of this request, that there is nothing to restore.
  InvalidObjectState: "Readable"
}

const nameOf = (thrown: unknown): string => {
  const { Code: code, name } = (thrown ?? {}) as _Error & { readonly name?: string }
  return code ?? name ?? ""
}
