/**
 * How connections to S3 are made: timeouts, proxies and certificate authorities, as users of the AWS CLI expect. The SDK reads none of the
 * variables itself: HTTPS_PROXY, HTTP_PROXY, NO_PROXY (upper or lower case) and AWS_CA_BUNDLE.
 */

import { Duration, Effect, Option } from "effect"
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent"
import { readFile } from "node:fs/promises"
import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import { firstVariable, variable } from "../platform/Variables.ts"
import { isLocal } from "./Endpoint.ts"
import { StoreError } from "./StoreError.ts"
import type { StorePolicy } from "./StorePolicy.ts"

/** Options of the SDK's NodeHttpHandler. */
export const requestHandlerOptions = Effect.fn("S3Network.options")(function* (service: URL, policy: StorePolicy) {
  const certificates = yield* authorities
  const proxy = yield* proxyFor(service)
  const common = {
    keepAlive: true,
    maxSockets: policy.uploads + policy.downloads + 1,
    ...(certificates === undefined ? {} : { ca: certificates })
  }
  const agents = Option.isNone(proxy)
    ? { httpAgent: new HttpAgent(common), httpsAgent: new HttpsAgent(common) }
    : proxyAgents(common, proxy.value)
  return {
    ...agents,
    connectionTimeout: Duration.toMillis(policy.connectTimeout),
    // Counts anew whenever bytes move in either direction, from the connection to the end of the body. The SDK's requestTimeout does not, and would
    // end a slow upload that makes progress; what lasts too long as a whole is ended by DeadlineStore.
    socketTimeout: Duration.toMillis(policy.timeout)
  }
})

/** Whether a host is exempt from the proxy: names, domains with or without a leading dot, ports, and `*` (as curl and the AWS CLI read it). */
export const isExempt = (host: string, port: string, noProxy: string): boolean =>
  noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true
      const [, name = entry, entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\*?\./, "")) ?? []
      if (entryPort !== undefined && entryPort !== port) return false
      return host === name || host.endsWith(`.${name}`)
    })

/** The proxy's URL, where one is set for such services and this one is not exempt; this machine never is reached through one. */
const proxyFor = Effect.fnUntraced(function* (service: URL) {
  const secure = service.protocol === "https:"
  const name = secure ? "HTTPS_PROXY" : "HTTP_PROXY"
  const set = yield* firstVariable([name.toLowerCase(), name])
  const noProxy = Option.getOrElse(yield* firstVariable(["no_proxy", "NO_PROXY"]), () => "")
  const port = service.port === "" ? (secure ? "443" : "80") : service.port
  if (Option.isNone(set) || isLoopback(service.hostname) || isExempt(service.hostname, port, noProxy))
    return Option.none()
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(set.value) ? set.value : `http://${set.value}`
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    return yield* misconfigured(name, "not the URL of an HTTP proxy, http://host:port")
  }
  return Option.some(new URL(url))
})

const isLoopback = (hostname: string): boolean => isLocal(hostname) && /^(\[?::1\]?|127\.|.*localhost)/.test(hostname)

const proxyAgents = (common: { readonly keepAlive: boolean; readonly maxSockets: number }, proxy: URL) => ({
  httpAgent: new HttpProxyAgent({ ...common, proxy }),
  httpsAgent: new HttpsProxyAgent({ ...common, proxy })
})

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
