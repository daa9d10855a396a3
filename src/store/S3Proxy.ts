/**
 * Which way a request goes: straight, or through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (upper or lower case) name. Decided for each host
 * anew, since the services that hand out credentials are elsewhere than the bucket.
 *
 * To TLS services a tunnel is asked for (CONNECT); plain requests are handed to the proxy whole, in absolute form (RFC 9112, 3.2.2), since most
 * proxies open no tunnels to other ports than 443. Errors name the proxy's host and port, never its user or password.
 */

import type { S3Client } from "@aws-sdk/client-s3"
import { Effect, Option } from "effect"
import { HttpsProxyAgent } from "hpagent"
import type { ClientRequestArgs } from "node:http"
import { Agent as HttpsAgent, type AgentOptions } from "node:https"
import type { Duplex } from "node:stream"
import { errno } from "../platform/Errno.ts"
import { firstVariable } from "../platform/Variables.ts"
import { isLocal } from "./Endpoint.ts"
import { toStoreError } from "./S3Errors.ts"
import { readFailure } from "./S3Failure.ts"
import { StoreError } from "./StoreError.ts"

export interface Routes {
  /** For services with TLS, and for those without. */
  readonly secure: Option.Option<URL>
  readonly plain: Option.Option<URL>
  /** Whether a host is asked without a proxy. */
  readonly isDirect: (host: string, port: string) => boolean
}

export const routesOfEnvironment: Effect.Effect<Routes, StoreError> = Effect.gen(function* () {
  const secure = yield* proxyOf("HTTPS_PROXY")
  const plain = yield* proxyOf("HTTP_PROXY")
  const noProxy = Option.getOrElse(yield* firstVariable(["no_proxy", "NO_PROXY"]), () => "")
  const isPlainProxy = (host: string, port: string) =>
    Option.exists(plain, (proxy) => proxy.hostname === host && portOf(proxy) === Number(port))
  return {
    secure,
    plain,
    isDirect: (host, port) => isThisMachine(host) || isExempt(host, port, noProxy) || isPlainProxy(host, port)
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

/** For TLS services: through a tunnel, but for hosts that are asked directly. */
export const tunnelAgent = (options: AgentOptions, proxy: URL, isDirect: Routes["isDirect"]): HttpsAgent =>
  new TunnelAgent(options, proxy, isDirect)

/** Hands requests without TLS to the proxy. The last step before they are sent: what was signed stays as it is. */
export const handToProxy = (client: S3Client, { isDirect, plain }: Routes): S3Client => {
  if (Option.isNone(plain)) return client
  const proxy = plain.value
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as PlainRequest
      const port = String(request.port ?? 80)
      if (request.protocol !== "http:" || isDirect(request.hostname, port)) return next(args)
      const handed = {
        protocol: proxy.protocol,
        hostname: proxy.hostname,
        port: portOf(proxy),
        path: `http://${request.hostname}:${port}${request.path}`,
        headers: { ...request.headers, ...authorization(proxy) }
      }
      const result = await next({ ...args, request: Object.assign(request, handed) }).catch((error: unknown) => {
        throw errno(error) === undefined ? error : failed("HTTP_PROXY", proxy, error)
      })
      const { statusCode } = result.response as { readonly statusCode?: number }
      if (statusCode === 407) throw refused("HTTP_PROXY", proxy, statusCode)
      return result
    },
    { step: "deserialize", priority: "low", name: "hxPlainProxy" }
  )
  return client
}

/** As much of the SDK's request as is looked at. */
interface PlainRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

class TunnelAgent extends HttpsProxyAgent {
  readonly #proxy: URL
  readonly #isDirect: Routes["isDirect"]

  constructor({ ca, ...options }: AgentOptions, proxy: URL, isDirect: Routes["isDirect"]) {
    // Who vouches for the service may vouch for the proxy too.
    const trust = ca === undefined ? {} : { ca, proxyRequestOptions: { ca: [ca].flat().map(String) } }
    super({ ...options, ...trust, proxy })
    this.#proxy = proxy
    this.#isDirect = isDirect
  }

  override createConnection(options: ClientRequestArgs, callback?: Connected) {
    if (this.#isDirect(options.host ?? "", String(options.port ?? 443))) {
      return HttpsAgent.prototype.createConnection.call(this, options, callback)
    }
    return super.createConnection(options, (error, stream) =>
      callback?.(error === null ? null : failed("HTTPS_PROXY", this.#proxy, error), stream)
    )
  }
}

type Connected = (error: Error | null, stream: Duplex) => void

const proxyOf = Effect.fnUntraced(function* (name: "HTTPS_PROXY" | "HTTP_PROXY") {
  const set = yield* firstVariable([name.toLowerCase(), name])
  if (Option.isNone(set)) return Option.none<URL>()
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(set.value) ? set.value : `http://${set.value}`
  const proxy = URL.canParse(url) && /^https?:/i.test(url) ? new URL(url) : undefined
  if (proxy !== undefined && isReadable(proxy)) return Option.some(proxy)
  const detail =
    proxy === undefined
      ? "not the URL of an HTTP proxy, http://host:port"
      : "a percent sign in the user or the password has to be written as %25"
  return yield* new StoreError({ reason: "Misconfigured", operation: "open", subject: name, detail })
})

/** Whether user and password can be decoded. */
const isReadable = ({ password, username }: URL): boolean => {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

const isThisMachine = (host: string): boolean => isLocal(host) && /^(\[?::1\]?|127\.|.*localhost)/.test(host)

const portOf = (proxy: URL): number =>
  proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port)

const authorization = ({ password, username }: URL): Readonly<Record<string, string>> => {
  if (username === "" && password === "") return {}
  const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { "proxy-authorization": `Basic ${Buffer.from(both).toString("base64")}` }
}

/** Nothing came of asking the proxy; hpagent says "Bad response: 407" where it answered. */
const failed = (name: string, proxy: URL, error: unknown): StoreError => {
  const status = /^Bad response: (\d+)/.exec(error instanceof Error ? error.message : "")?.[1]
  if (status !== undefined) return refused(name, proxy, Number(status))
  return toStoreError(readFailure(error, []), { operation: "open", subject: `the proxy ${proxy.host} (${name})` })
}

/** Statuses from 500 on say that the proxy cannot get there. */
const refused = (name: string, proxy: URL, status: number): StoreError =>
  new StoreError({
    reason: status >= 500 ? "Unreachable" : "Misconfigured",
    operation: "open",
    subject: name,
    detail: `the proxy ${proxy.host} answers ${status}${status === 407 ? ": it wants a user and a password" : ""}`
  })
