/**
 * How connections to S3 are made: timeouts, proxies and certificate authorities, as users of the AWS CLI expect. The SDK reads none of the variables
 * itself: AWS_CA_BUNDLE, and those of S3Proxy.
 */

import { Duration, Effect, Option } from "effect"
import { lookup, type LookupAllOptions } from "node:dns"
import { readFile } from "node:fs/promises"
import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import type { LookupFunction } from "node:net"
import { variable } from "../platform/Variables.ts"
import { type Routes, tunnelAgent } from "./S3Proxy.ts"
import { StoreError } from "./StoreError.ts"
import type { StorePolicy } from "./StorePolicy.ts"

/** Options of the SDK's NodeHttpHandler. */
export const requestHandlerOptions = Effect.fn("S3Network.options")(function* (routes: Routes, policy: StorePolicy) {
  const certificates = yield* authorities
  const common = {
    keepAlive: true,
    maxSockets: policy.uploads + policy.downloads + 1,
    lookup: lookupHost,
    ...(certificates === undefined ? {} : { ca: certificates })
  }
  return {
    httpAgent: new HttpAgent(common),
    httpsAgent: Option.match(routes.secure, {
      onNone: () => new HttpsAgent(common),
      onSome: (proxy) => tunnelAgent(common, proxy, routes.isDirect)
    }),
    connectionTimeout: Duration.toMillis(policy.connectTimeout),
    // Counts anew whenever bytes move in either direction, from the connection to the end of the body. The SDK's requestTimeout does not, and would
    // end a slow upload that makes progress; what lasts too long as a whole is ended by DeadlineStore.
    socketTimeout: Duration.toMillis(policy.timeout)
  }
})

/** Names below "localhost" are this machine (RFC 6761, 6.3), as for buckets before the host; the C library knows that on some systems only. */
const lookupHost: LookupFunction = (host, options, callback) =>
  lookup(/\.localhost\.?$/i.test(host) ? "localhost" : host, options as LookupAllOptions, callback)

/**
 * Node's own authorities and those of AWS_CA_BUNDLE. Naming any replaces all that Node trusts by itself, NODE_EXTRA_CA_CERTS included, so these are
 * named again. Undefined where Node's defaults are right.
 */
const authorities: Effect.Effect<Array<string> | undefined, StoreError> = Effect.gen(function* () {
  const bundle = yield* variable("AWS_CA_BUNDLE")
  if (Option.isNone(bundle)) return undefined
  const added = yield* readAuthorities("AWS_CA_BUNDLE", bundle.value)
  const extra = yield* variable("NODE_EXTRA_CA_CERTS")
  // Node itself only warns where these cannot be read.
  const extraAuthorities = Option.isNone(extra)
    ? []
    : yield* Effect.orElseSucceed(readAuthorities("NODE_EXTRA_CA_CERTS", extra.value), () => [])
  const { rootCertificates } = yield* Effect.promise(() => import("node:tls"))
  return [...rootCertificates, ...extraAuthorities, ...added]
})

const readAuthorities = (name: string, path: string): Effect.Effect<Array<string>, StoreError> => {
  const unreadable = () => misconfigured(name, `${path} is no file of certificates (PEM) that can be read`)
  return Effect.tryPromise({ try: () => readFile(path, "utf8"), catch: unreadable }).pipe(
    Effect.filterOrFail((pem) => pem.includes("-----BEGIN CERTIFICATE-----"), unreadable),
    Effect.map((pem) => [pem])
  )
}

const misconfigured = (name: string, detail: string) =>
  new StoreError({ reason: "Misconfigured", operation: "open", subject: name, detail })
