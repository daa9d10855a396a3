/**
 * What `hx sync check` finds out about the service of a bucket, beyond putting and getting objects: the way to it, who asks, where the bucket is.
 *
 * One list is made on the way, of what every pull lists: it proves the credentials and the region, and says whether S3 is what answers.
 */

import { S3Client } from "@aws-sdk/client-s3"
import { Clock, Duration, Effect, Option, Redacted, Schedule, Stream } from "effect"
import { variable } from "../platform/Variables.ts"
import { type Check, failedWith, found } from "./Checks.ts"
import { AssumedCapabilities, type ObjectStoreService } from "./ObjectStore.ts"
import type { RequestLogService } from "./RequestLog.ts"
import { retrying } from "./RetryingStore.ts"
import { openConnection, type S3Connection } from "./S3Connection.ts"
import { describeIdentity, shortened } from "./S3CredentialSource.ts"
import { identityOf } from "./S3Identity.ts"
import { requestHandlerOptions } from "./S3Network.ts"
import { makeS3Store } from "./S3ObjectStore.ts"
import { routesOfEnvironment } from "./S3Proxy.ts"
import { connects, type Reach, resolveName, secures } from "./S3Reach.ts"
import { DEFAULT_REGION } from "./S3Region.ts"
import { type S3Service, serviceOf } from "./S3Service.ts"
import { keepsTime, keepsVersions, noteDates, takesParts } from "./S3Trials.ts"
import type { DiagnosisRequest, FirstList, StoreDiagnosis } from "./StoreDiagnosis.ts"
import { StoreError, type StoreErrorReason } from "./StoreError.ts"
import type { RetryPolicy, StorePolicy } from "./StorePolicy.ts"
import type { S3Location } from "./StoreUrl.ts"

/** Sends nothing yet. */
export const openS3Diagnosis = Effect.fn("S3Diagnosis.open")(function* (
  location: S3Location,
  asked: DiagnosisRequest,
  policy: StorePolicy,
  log: RequestLogService
) {
  const s3 = yield* openConnection(location, asked.credentials, policy, log)
  const time = noteDates(s3.client, yield* Effect.clock)
  const service = yield* serviceOf(location)
  const reach = yield* reachOf(location, service, s3, policy)
  const open: StoreDiagnosis["open"] = (capabilities) =>
    Effect.succeed(retrying(makeS3Store(s3, location, capabilities, policy), secondTry))
  const store = yield* open(AssumedCapabilities)
  const known: { list?: FirstList; region?: string } = {}
  const before: ReadonlyArray<Check<StoreError>> = [
    { id: "name", needs: [], run: resolveName(reach) },
    { id: "connect", needs: ["name"], run: connects(reach) },
    { id: "tls", needs: ["connect"], run: secures(reach) },
    { id: "credentials", needs: ["tls"], run: proveCredentials(s3, location, asked, store, known) },
    { id: "region", needs: ["credentials"], run: tellRegion(s3, location, asked, service, known) }
  ]
  const key = location.prefix === "" ? asked.trial : `${location.prefix}/${asked.trial}`
  const after: ReadonlyArray<Check<StoreError>> = [
    { id: "multipart", needs: ["put"], run: takesParts(s3, { key, name: asked.trial }, secondTry) },
    { id: "clock", needs: [], afterStop: true, run: keepsTime(time) },
    { id: "versioning", needs: ["list"], run: keepsVersions(s3, secondTry) }
  ]
  return {
    before,
    after,
    open,
    firstList: Effect.sync(() => Option.fromNullable(known.list)),
    region: Effect.sync(() => known.region)
  } satisfies StoreDiagnosis as StoreDiagnosis
})

/** One more attempt for what may be over in a moment: a check tells how things are now, and does not wait until they are better. */
const secondTry: RetryPolicy = Schedule.spaced(Duration.millis(200)).pipe(
  Schedule.intersect(Schedule.recurs(1)),
  Schedule.whileInput(({ reason }: StoreError) => MOMENTARY.has(reason))
)

const MOMENTARY: ReadonlySet<StoreErrorReason> = new Set([
  // The SDK has corrected its clock by then, or fetches new credentials.
  "ClockSkewed",
  "CredentialsExpired",
  // A connection that was kept and that the server has given up meanwhile.
  "ConnectionLost",
  "ServerFailure",
  "Throttled"
])

const reachOf = Effect.fnUntraced(function* (
  location: S3Location,
  service: S3Service,
  s3: S3Connection,
  policy: StorePolicy
) {
  const region = s3.asksRegion ? DEFAULT_REGION : yield* Effect.orElseSucceed(s3.region, () => DEFAULT_REGION)
  const address = Option.isSome(service.endpoint) ? service.address : amazon(location.bucket, service.pathStyle, region)
  const routes = yield* routesOfEnvironment
  const { httpsAgent } = yield* requestHandlerOptions(routes, policy)
  yield* Effect.addFinalizer(() => Effect.sync(() => httpsAgent.destroy()))
  const secure = address.protocol === "https:"
  const port = address.port === "" ? (secure ? "443" : "80") : address.port
  const proxy = routes.isDirect(address.hostname, port) ? Option.none() : secure ? routes.secure : routes.plain
  return { address, proxy, httpsAgent, patience: policy.connectTimeout } satisfies Reach
})

/** Where the SDK sends requests that are given no endpoint. */
const amazon = (bucket: string, pathStyle: boolean, region: string): URL =>
  new URL(`https://${pathStyle ? "" : `${bucket}.`}s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`)

/** Fails where nobody has credentials to give, or where the service refuses the ones that there are. Other troubles of the list are the list's. */
const proveCredentials = Effect.fnUntraced(function* (
  s3: S3Connection,
  location: S3Location,
  asked: DiagnosisRequest,
  store: ObjectStoreService,
  known: { list?: FirstList }
) {
  const [took, whose] = yield* Effect.timed(whoseCredentials(s3, location, asked)).pipe(
    // Whatever it was, without credentials nothing more can be tried.
    Effect.mapError((error) => failedWith(error, { stops: true }))
  )
  const began = yield* Clock.currentTimeMillis
  const result = yield* store.list(asked.listed).pipe(Stream.take(PAGE), Stream.runCount, Effect.merge)
  known.list = { result, millis: (yield* Clock.currentTimeMillis) - began }
  if (result instanceof StoreError && REFUSED.has(result.reason)) {
    return yield* Effect.fail(failedWith(result, { detail: `${whose}: ${result.detail ?? "refused"}` }))
  }
  return found(whose, { millis: Duration.toMillis(took) })
})

const PAGE = 1000

const REFUSED: ReadonlySet<StoreErrorReason> = new Set(["NoCredentials", "CredentialsRefused", "CredentialsExpired"])

const whoseCredentials = Effect.fnUntraced(function* (s3: S3Connection, location: S3Location, asked: DiagnosisRequest) {
  if (Option.isSome(asked.credentials)) {
    return `${asked.givenBy}, access key ${shortened(Redacted.value(asked.credentials.value.accessKey))}`
  }
  const { config, profile } = yield* identityOf(location, asked.credentials)
  const identity = yield* Effect.tryPromise({
    try: () => s3.client.config.credentials(),
    catch: (thrown) => s3.fail({ operation: "open", subject: s3.bucket }, thrown)
  })
  // These are handed to the SDK as they are, and it could not tell where they came from.
  if (config.credentials !== undefined) return `AWS_ACCESS_KEY_ID, access key ${shortened(identity.accessKeyId)}`
  const minutes = ((identity.expiration?.getTime() ?? 0) - (yield* Clock.currentTimeMillis)) / 60_000
  const expires = identity.expiration === undefined ? "" : `, for another ${Math.max(0, Math.round(minutes))} min`
  return `${describeIdentity(
    identity,
    Option.getOrElse(profile, () => "default")
  )}${expires}`
})

/** Which region requests are signed for, and who said so; the first list has shown whether it is right. */
const tellRegion = Effect.fnUntraced(function* (
  s3: S3Connection,
  location: S3Location,
  asked: DiagnosisRequest,
  service: S3Service,
  known: { list?: FirstList; region?: string }
) {
  const list = known.list?.result
  if (list instanceof StoreError && (list.reason === "WrongRegion" || (s3.asksRegion && list.operation === "open"))) {
    const region = list.region
    const cure = region === undefined ? {} : { cure: `Write ?region=${region} in the store URL.` }
    return yield* Effect.fail(failedWith(list, cure))
  }
  const region = yield* Effect.mapError(s3.region, (error) => failedWith(error))
  known.region = region
  return found(`${region}, ${yield* whoSaid(s3, location, asked, service)}`)
})

const whoSaid = Effect.fnUntraced(function* (
  s3: S3Connection,
  location: S3Location,
  asked: DiagnosisRequest,
  service: S3Service
) {
  if (Option.isSome(location.region)) return asked.bound ? "as settled by init" : "by the store URL"
  for (const name of ["AWS_REGION", "AWS_DEFAULT_REGION"]) {
    if (Option.isSome(yield* variable(name)) && Option.isSome(service.region)) return `by ${name}`
  }
  if (s3.asksRegion) return "as the bucket itself says"
  const { config } = yield* identityOf(location, asked.credentials)
  const set = yield* Effect.isSuccess(Effect.tryPromise(() => new S3Client(config).config.region()))
  return set ? "by the profile" : "which is usual where nobody says another"
})
