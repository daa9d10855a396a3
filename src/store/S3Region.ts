/**
 * The region of a bucket: the URL's, AWS_REGION, AWS_DEFAULT_REGION, the profile's, and where none of these says, what the bucket reports. The last
 * costs a request, made when it is first needed. Init writes the region that it worked with into the location: no later run has to ask, and none is
 * misled by a variable that is meant for something else.
 */

import type { S3Client } from "@aws-sdk/client-s3"
import { Effect, Option } from "effect"
import { toStoreError } from "./S3Errors.ts"
import { readFailure } from "./S3Failure.ts"
import type { S3Service } from "./S3Service.ts"
import { StoreError } from "./StoreError.ts"

export type RegionSource =
  | { readonly _tag: "Known"; readonly region: string }
  /** Nobody but the bucket can tell. */
  | { readonly _tag: "Ask" }

/** Everybody who is not Amazon accepts this one, or is told another in the URL; and every bucket of Amazon's answers through it. */
export const DEFAULT_REGION = "us-east-1"

/** `unconfigured` makes a client that is told no region, and so looks for the profile's. */
export const regionSource = (service: S3Service, unconfigured: () => S3Client): Effect.Effect<RegionSource> =>
  Effect.gen(function* () {
    if (Option.isSome(service.region)) return { _tag: "Known", region: service.region.value }
    // Fails where neither profile nor variable has one.
    const profiles = yield* Effect.option(Effect.tryPromise(() => unconfigured().config.region()))
    if (Option.isSome(profiles)) return { _tag: "Known", region: profiles.value }
    return Option.isSome(service.endpoint) ? { _tag: "Known", region: DEFAULT_REGION } : { _tag: "Ask" }
  })

/** One HEAD of the bucket, sent to the default region: the answer names the right one, be it a success, a redirect or a refusal. */
export const askBucket = async (
  head: () => Promise<{ readonly BucketRegion?: string | undefined }>,
  bucket: string
) => {
  try {
    return (await head()).BucketRegion ?? DEFAULT_REGION
  } catch (thrown) {
    const failure = readFailure(thrown, [])
    if (failure.region !== undefined) return failure.region
    if (failure.status === 404) throw new StoreError({ reason: "NoSuchBucket", operation: "open", subject: bucket })
    throw toStoreError(failure, { operation: "open", subject: bucket, head: true })
  }
}
