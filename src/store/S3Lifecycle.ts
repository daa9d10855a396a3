/** A bucket's lifecycle rules over S3. Administration: few buckets' users may do this, and each request names the permission that it needs. */

import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type LifecycleRule as SdkRule,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
  type TransitionDefaultMinimumObjectSize,
  type TransitionStorageClass
} from "@aws-sdk/client-s3"
import { Effect, Option } from "effect"
import { Readable } from "node:stream"
import type { BucketLifecycle, LifecycleConfiguration, LifecycleRule } from "./BucketLifecycle.ts"
import type { RequestLogService, RequestOperation } from "./RequestLog.ts"
import { openConnection } from "./S3Connection.ts"
import { serviceOf } from "./S3Service.ts"
import { StoreError } from "./StoreError.ts"
import { deadlineFor, type StorePolicy } from "./StorePolicy.ts"
import type { S3Location, StoreCredentials } from "./StoreUrl.ts"

/** Sends nothing yet. */
export const openS3Lifecycle = Effect.fn("S3Lifecycle.open")(function* (
  location: S3Location,
  credentials: Option.Option<StoreCredentials>,
  policy: StorePolicy,
  log: RequestLogService
) {
  const s3 = yield* openConnection(location, credentials, policy, log)
  const { endpoint } = yield* serviceOf(location)
  const { bucket, prefix } = location
  const ask = <A>(
    request: RequestOperation,
    needs: string,
    run: (client: S3Client, signal: AbortSignal) => Promise<A>
  ): Effect.Effect<A, StoreError> => {
    const operation = request === "put" ? "put" : "get"
    return s3.use({ request, operation, name: "", subject: bucket, needs }, run).pipe(
      Effect.timeoutFail({
        duration: deadlineFor(policy.timeout, 0),
        onTimeout: () => new StoreError({ reason: "TimedOut", operation, subject: bucket })
      }),
      Effect.retry(policy.retry)
    )
  }
  return {
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    amazon: Option.match(endpoint, { onNone: () => true, onSome: (url) => AMAZON.test(new URL(url).hostname) }),
    versioned: ask("get", "s3:GetBucketVersioning", (client, abortSignal) =>
      client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal })
    ).pipe(Effect.map(({ Status }) => Status !== undefined)),
    read: ask("get", "s3:GetLifecycleConfiguration", async (client, abortSignal) => {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })
      const unknown = noteUnknown(command)
      return { ...(await client.send(command, { abortSignal })), unknown: unknown() }
    }).pipe(
      Effect.map(
        ({ Rules = [], TransitionDefaultMinimumObjectSize: minimumSize, unknown }): LifecycleConfiguration => ({
          rules: Rules.map(fromSdk),
          ...(minimumSize === undefined ? {} : { minimumSize }),
          ...(unknown.length === 0 ? {} : { unknown })
        })
      ),
      Effect.catchIf(
        (error) => error.reason === "Absent",
        () => Effect.succeed<LifecycleConfiguration>({ rules: [] })
      )
    ),
    write: ({ minimumSize, rules }) =>
      ask("put", "s3:PutLifecycleConfiguration", (client, abortSignal) =>
        client.send(
          new PutBucketLifecycleConfigurationCommand({
            Bucket: bucket,
            LifecycleConfiguration: { Rules: rules.map(toSdk) },
            // Left out, it would become Amazon's default for the rules of others too.
            ...(minimumSize === undefined
              ? {}
              : { TransitionDefaultMinimumObjectSize: minimumSize as TransitionDefaultMinimumObjectSize })
          }),
          { abortSignal }
        )
      ).pipe(Effect.asVoid)
  } satisfies BucketLifecycle as BucketLifecycle
})

const AMAZON = /(^|\.)amazonaws\.com(\.cn)?$/

/** The SDK passes over elements that are not Amazon's (MinIO and Ceph have some), and with them conditions and actions of rules. */
const noteUnknown = (command: GetBucketLifecycleConfigurationCommand): (() => ReadonlyArray<string>) => {
  let text = ""
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as { statusCode?: number; body?: unknown }
      if (!(response.body instanceof Readable) || (response.statusCode ?? 0) >= 300) return result
      const chunks: Array<Uint8Array> = []
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk)
      const whole = Buffer.concat(chunks)
      text = whole.toString("utf8")
      response.body = Readable.from([whole])
      return result
    },
    { step: "deserialize", priority: "low", name: "hxNoteUnknown" }
  )
  const named = () => [...text.matchAll(/<([^\s/>!?]+)/g)].map(([, name = ""]) => name)
  return () => [...new Set(named())].filter((name) => !KNOWN.has(name)).slice(0, MOST_NAMED)
}

const MOST_NAMED = 5

/** docs.aws.amazon.com, GetBucketLifecycleConfiguration. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["LifecycleConfiguration", "Rule", "ID", "Status", "Filter", "And", "Prefix", "Tag", "Key", "Value"],
  ...["ObjectSizeGreaterThan", "ObjectSizeLessThan", "Expiration", "Date", "Days", "ExpiredObjectDeleteMarker"],
  ...["Transition", "StorageClass", "NoncurrentVersionTransition", "NoncurrentVersionExpiration", "NoncurrentDays"],
  ...["NewerNoncurrentVersions", "AbortIncompleteMultipartUpload", "DaysAfterInitiation"]
])

/** The SDK has dates as objects, and what is not there as undefined. */
const fromSdk = (rule: SdkRule): LifecycleRule => JSON.parse(JSON.stringify(rule)) as LifecycleRule

const toSdk = (rule: LifecycleRule): SdkRule => {
  const { Expiration, NoncurrentVersionTransitions, Transitions, ...rest } = rule
  return {
    ...(rest as Pick<SdkRule, "Status">),
    ...(Expiration === undefined ? {} : { Expiration: dated(Expiration) }),
    ...(Transitions === undefined ? {} : { Transitions: Transitions.map((each) => dated(classed(each))) }),
    ...(NoncurrentVersionTransitions === undefined
      ? {}
      : { NoncurrentVersionTransitions: NoncurrentVersionTransitions.map(classed) })
  }
}

const dated = <A extends { readonly Date?: string }>({ Date: text, ...rest }: A) => ({
  ...rest,
  ...(text === undefined ? {} : { Date: new Date(text) })
})

/** Services have classes of their own names, which the SDK's types do not. */
const classed = <A extends { readonly StorageClass?: string }>({ StorageClass: name, ...rest }: A) => ({
  ...rest,
  ...(name === undefined ? {} : { StorageClass: name as TransitionStorageClass })
})
