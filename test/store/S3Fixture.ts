/** Opens S3 stores as tests need them: one attempt, short patience, and every request counted. */

import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3"
import { Duration, Effect, Either, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import { environment } from "../../src/platform/Variables.ts"
import { AssumedCapabilities, type ObjectStoreService, type StoreCapabilities } from "../../src/store/ObjectStore.ts"
import { makeRequestLog, type RequestLogService } from "../../src/store/RequestLog.ts"
import { openS3Store } from "../../src/store/S3ObjectStore.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { noRetries, type StorePolicy } from "../../src/store/StorePolicy.ts"
import { parseStoreUrl } from "../../src/store/StoreUrl.ts"

export const MIB = 1024 * 1024

export const testPolicy: StorePolicy = {
  timeout: Duration.seconds(20),
  connectTimeout: Duration.seconds(2),
  uploads: 3,
  downloads: 8,
  partSize: 5 * MIB,
  retry: noRetries
}

export const openS3 = (
  url: string,
  options: {
    readonly capabilities?: StoreCapabilities
    readonly policy?: Partial<StorePolicy>
    readonly log?: RequestLogService
    readonly variables?: Readonly<Record<string, string>>
  } = {}
): Effect.Effect<ObjectStoreService, StoreError, Scope.Scope> => {
  const { location, credentials } = Either.getOrThrow(parseStoreUrl(url, { workingDirectory: "/", home: "/" }))
  if (location._tag !== "S3") throw new Error(`not an S3 URL: ${url}`)
  return openS3Store(
    location,
    credentials,
    options.capabilities ?? AssumedCapabilities,
    { ...testPolicy, ...options.policy },
    options.log ?? makeRequestLog()
  ).pipe(Effect.withConfigProvider(environment(options.variables ?? {})))
}

export interface RealServer {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
}

/** The server that HX_TEST_S3_* name; scripts/rgw-server starts one. */
export const realServer = (): RealServer | undefined => {
  const {
    HX_TEST_S3_ENDPOINT: endpoint,
    HX_TEST_S3_ACCESS_KEY: accessKey,
    HX_TEST_S3_SECRET_KEY: secretKey
  } = process.env
  return endpoint === undefined || accessKey === undefined || secretKey === undefined
    ? undefined
    : { endpoint, accessKey, secretKey }
}

/** The SDK's client, to prepare and look behind the store's back. */
export const rawClient = (server: RealServer): S3Client => {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true"
  return new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey }
  })
}

export const freshBucket = (server: RealServer): Effect.Effect<string> =>
  Effect.promise(async () => {
    const bucket = `hx-test-${randomBytes(6).toString("hex")}`
    const client = rawClient(server)
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    return bucket
  })

/** The same for tests that drive the built program, with promises. */
export const makeBucket = (server: RealServer): Promise<string> => Effect.runPromise(freshBucket(server)) // the edge: see above

export const urlOf = (server: RealServer, bucket: string, prefix = "", more = ""): string =>
  `s3://${bucket}/${prefix}?endpoint=${server.endpoint}&path_style=true&access_key=${server.accessKey}&secret_key=${encodeURIComponent(server.secretKey)}${more}`
