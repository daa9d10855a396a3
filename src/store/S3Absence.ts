/**
 * Telling what is forbidden from what is absent. A service calls an object that is not there forbidden, unless whoever asks for it may list the bucket
 * as well (docs.aws.amazon.com, GetObject). Where a policy allows lists of one prefix only, as the one of `hx sync check --policy` does, such a
 * request names no prefix and so counts as not permitted: then a list of that very name, which is permitted, tells.
 */

import { ListObjectsV2Command } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import type { S3Connection, S3Request } from "./S3Connection.ts"
import { StoreError } from "./StoreError.ts"

/** Turns a refusal into Absent where there is no such object. One more request, after a refusal only. */
export const absentIfUnlisted =
  (s3: S3Connection, request: S3Request, key: string) =>
  <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    Effect.catchIf(
      effect,
      (error) => error.reason === "AccessDenied",
      (error) =>
        Effect.matchEffect(isListed(s3, request, key), {
          // Whoever may not list cannot know: the refusal stands.
          onFailure: () => Effect.fail(error),
          onSuccess: (listed) => Effect.fail(listed ? error : absent(request))
        })
    )

/** Of all names that begin so, the name itself comes first. */
const isListed = (s3: S3Connection, request: S3Request, key: string): Effect.Effect<boolean, StoreError> =>
  s3
    .use({ ...request, request: "list", operation: "list" }, (client, signal) =>
      client.send(new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: key, MaxKeys: 1 }), { abortSignal: signal })
    )
    .pipe(
      // Whatever answers, if it is no list of this bucket it proves nothing.
      Effect.map(({ Contents = [], Name }) => Name !== s3.bucket || Contents.some(({ Key }) => Key === key))
    )

const absent = ({ operation, subject }: S3Request): StoreError =>
  new StoreError({ reason: "Absent", operation, subject })
