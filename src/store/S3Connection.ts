/**
 * One connection to one bucket. Every request of the store goes through `use`, which makes exactly one: it times and records it, hands it an abort
 * signal, and turns whatever is thrown into a StoreError. Stores loads the modules named S3*, and the SDK with them, for the first S3 store only.
 */

import { HeadBucketCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3"
import { type Clock, Duration, Effect, Option } from "effect"
import type { RequestLogService, RequestOperation, RequestRecord } from "./RequestLog.ts"
import { boundAnswers } from "./S3Body.ts"
import { type S3Context, toStoreError } from "./S3Errors.ts"
import { oneLine, readFailure } from "./S3Failure.ts"
import { type Identity, identityOf, prepareEnvironment, sharedCredentials } from "./S3Identity.ts"
import { requestHandlerOptions } from "./S3Network.ts"
import { handToProxy, routesOfEnvironment } from "./S3Proxy.ts"
import { askBucket, DEFAULT_REGION, regionSource } from "./S3Region.ts"
import { serviceOf } from "./S3Service.ts"
import { isConnecting, makeTransfers, type Transfers } from "./S3Transfer.ts"
import { StoreError } from "./StoreError.ts"
import type { StorePolicy } from "./StorePolicy.ts"
import type { S3Location, StoreCredentials } from "./StoreUrl.ts"

export interface S3Request extends S3Context {
  readonly request: RequestOperation
  readonly name: string
  /** Bytes of the object that go with it. */
  readonly sent?: number
}

export interface S3Connection {
  readonly client: S3Client
  readonly bucket: string
  /** Whether only the bucket can tell where it is. */
  readonly asksRegion: boolean
  /** Where the bucket is; asks it where nothing else tells. */
  readonly region: Effect.Effect<string, StoreError>
  /** One request. `received` tells how many bytes of an object came back. */
  readonly use: <A>(
    request: S3Request,
    run: (client: S3Client, signal: AbortSignal) => Promise<A>,
    received?: (value: A) => number
  ) => Effect.Effect<A, StoreError>
  /** Reports how this very body goes out, whenever it is sent. */
  readonly onSent: Transfers["onSent"]
  readonly fail: (request: S3Context, thrown: unknown) => StoreError
}

export const openConnection = Effect.fn("S3Connection.open")(function* (
  location: S3Location,
  credentials: Option.Option<StoreCredentials>,
  policy: StorePolicy,
  log: RequestLogService
) {
  yield* prepareEnvironment
  const service = yield* serviceOf(location)
  const identity = yield* identityOf(location, credentials)
  const routes = yield* routesOfEnvironment
  // S3Transfer ends what makes no progress: to a socket, what the kernel took is sent.
  const requestHandler = { ...(yield* requestHandlerOptions(routes, policy)), socketTimeout: 0 }
  const base = {
    ...identity.config,
    ...Option.match(service.endpoint, { onNone: () => ({}), onSome: atEndpoint }),
    forcePathStyle: service.pathStyle,
    requestHandler,
    ...FIXED
  }
  const transfers = makeTransfers({
    timeout: Duration.toMillis(policy.timeout),
    connecting: () => isConnecting(requestHandler)
  })
  const prepared = (config: S3ClientConfig) =>
    transfers.watched(handToProxy(boundAnswers(new S3Client(config)), routes))
  const fail = (request: S3Context, thrown: unknown) => failWith(identity, request, thrown)
  const meter = makeMeter(yield* Effect.clock, log, fail)
  const source = yield* regionSource(service, () => new S3Client(base))
  const presumed = source._tag === "Known" ? source.region : DEFAULT_REGION
  // The services that give credentials are asked in a region too, and before the bucket can tell its own.
  const carrier = (logger: S3ClientConfig["logger"] & {}) => new S3Client({ ...base, region: presumed, logger })
  const shared = { ...base, credentials: sharedCredentials(policy, identity, carrier) }
  const region = once(async () => {
    if (source._tag === "Known") return source.region
    const asking = prepared({ ...shared, region: presumed })
    const head = () => asking.send(new HeadBucketCommand({ Bucket: location.bucket }))
    return askBucket(() => meter(headRequest(location.bucket), NEVER, head), location.bucket)
  })
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => prepared({ ...shared, region })),
    // Closes the connections, which all clients made here share.
    (client) => Effect.sync(() => client.destroy())
  )
  const { bucket } = location
  return connectionOver({
    client,
    bucket,
    asksRegion: source._tag === "Ask",
    region,
    onSent: transfers.onSent,
    fail,
    meter
  })
})

/** AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT choose among Amazon's own; the SDK refuses to begin with them and another. */
const atEndpoint = (endpoint: string) => ({ endpoint, useFipsEndpoint: false, useDualstackEndpoint: false })

const NEVER = new AbortController().signal

/** What never depends on the user. */
const FIXED = {
  // RetryingStore is the one that retries.
  maxAttempts: 1,
  // Checksums in trailers break R2, B2 and older servers; objects carry their own authentication.
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  // Else bodies over 2 MiB wait for "100 Continue" on each fresh connection.
  expectContinueHeader: false,
  followRegionRedirects: false,
  // S3Service has looked for one, and decided on more than the address by it.
  ignoreConfiguredEndpointUrls: true,
  disableS3ExpressSessionAuth: true,
  // "auto" would ask the metadata service.
  defaultsMode: "standard",
  userAgentAppId: "hx",
  // What the SDK has to say, it says in errors.
  logger: { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
} as const satisfies S3ClientConfig

const headRequest = (bucket: string): S3Request => ({
  request: "head",
  name: "",
  operation: "open",
  subject: bucket,
  head: true
})

/** The value of the first success; failures are tried again. */
const once = <A>(make: () => Promise<A>): (() => Promise<A>) => {
  let made: Promise<A> | undefined
  return () => {
    made ??= make().catch((error) => {
      made = undefined
      throw error
    })
    return made
  }
}

const failWith = ({ profile, secrets }: Identity, request: S3Context, thrown: unknown): StoreError => {
  if (thrown instanceof StoreError) return thrown
  const error = toStoreError(readFailure(thrown, [...secrets]), request)
  if (error.reason !== "NoCredentials" || Option.isNone(profile)) return error
  // The SDK does not always say which one it looked for.
  const { reason, operation, subject, cause, detail = "" } = error
  return new StoreError({
    reason,
    operation,
    subject,
    cause,
    detail: oneLine(`profile ${profile.value}: ${detail}`, [])
  })
}

type Meter = <A>(
  request: S3Request,
  signal: AbortSignal,
  run: () => Promise<A>,
  received?: (value: A) => number
) => Promise<A>

/** Times and records what is one request. */
const makeMeter =
  (clock: Clock.Clock, log: RequestLogService, fail: (request: S3Request, thrown: unknown) => StoreError): Meter =>
  async (request, signal, run, received = () => 0) => {
    const start = clock.unsafeCurrentTimeMillis()
    const note = (outcome: RequestRecord["outcome"], bytes: number) =>
      log.record({
        operation: request.request,
        name: request.name,
        sent: request.sent ?? 0,
        received: bytes,
        millis: clock.unsafeCurrentTimeMillis() - start,
        outcome
      })
    try {
      const value = await run()
      note("ok", received(value))
      return value
    } catch (thrown) {
      const { reason } = fail(request, thrown)
      // Without credentials nothing was sent.
      if (reason !== "NoCredentials") note(signal.aborted ? "interrupted" : reason, 0)
      throw thrown
    }
  }

const connectionOver = (parts: {
  readonly client: S3Client
  readonly bucket: string
  readonly asksRegion: boolean
  readonly region: () => Promise<string>
  readonly onSent: Transfers["onSent"]
  readonly fail: S3Connection["fail"]
  readonly meter: Meter
}): S3Connection => {
  const { client, bucket, asksRegion, region, onSent, meter } = parts
  // Which credentials are in use, counted from 0, and which of them the store called expired last. Of many requests that fail with the same ones,
  // only the first has them renewed.
  let inUse = 0
  let expired = -1
  const failed = (used: number, request: S3Context, thrown: unknown): StoreError => {
    const error = parts.fail(request, thrown)
    if (error.reason === "CredentialsExpired") expired = Math.max(expired, used)
    return error
  }
  let renewing: Promise<void> | undefined
  const renewed = async (): Promise<void> => {
    if (expired < inUse) return
    renewing ??= client.config
      .credentials({ forceRefresh: true })
      .then(() => void (inUse += 1))
      .finally(() => (renewing = undefined))
    await renewing
  }
  const fail: S3Connection["fail"] = (request, thrown) => failed(inUse, request, thrown)
  return {
    client,
    bucket,
    asksRegion,
    region: Effect.tryPromise({
      try: region,
      catch: (thrown) => fail({ operation: "open", subject: bucket }, thrown)
    }),
    onSent,
    fail,
    use: (request, run, received) =>
      Effect.suspend(() => {
        let used = inUse
        const attempt = (signal: AbortSignal) =>
          renewed().then(() => {
            used = inUse
            return run(client, signal)
          })
        return Effect.tryPromise({
          try: (signal) => meter(request, signal, () => attempt(signal), received),
          catch: (thrown) => failed(used, request, thrown)
        })
      })
  }
}
