/**
 * The way to an S3 service, step by step and without credentials: its name, a connection, TLS. The SDK does all of it within a request, and tells
 * no more than that it failed; here each step is told by itself, through the same proxy and with the same authorities.
 */

import { Clock, Duration, Effect, Option } from "effect"
import { lookup } from "node:dns/promises"
import { request as plainRequest } from "node:http"
import { type Agent as HttpsAgent, request as secureRequest } from "node:https"
import { connect, isIP } from "node:net"
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls"
import { type Failed, failedWith, type Found, found, warning } from "./Checks.ts"
import { isLocal } from "./Endpoint.ts"
import { toStoreError } from "./S3Errors.ts"
import { readFailure } from "./S3Failure.ts"
import { StoreError } from "./StoreError.ts"

export interface Reach {
  /** The service, as far as it is known before the region is. */
  readonly address: URL
  /** What connections go through; its password is never shown. */
  readonly proxy: Option.Option<URL>
  /** Makes the connections of TLS, through the proxy where there is one. */
  readonly httpsAgent: HttpsAgent
  /** How long a connection may take. */
  readonly patience: Duration.Duration
}

type Step = Effect.Effect<Found, Failed<StoreError>>

/** Whom connections are made to. */
const nextHop = ({ address, proxy }: Reach): URL => Option.getOrElse(proxy, () => address)

/** Names below "localhost" are this machine (RFC 6761, 6.3), as for the requests themselves. */
const bare = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/^.*\.localhost\.?$/i, "localhost")

const portOf = (url: URL): number => (url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port))

export const resolveName = (reach: Reach): Step => {
  const host = bare(nextHop(reach))
  const via = Option.isSome(reach.proxy) ? `the proxy ${host}: ` : ""
  if (isIP(host) !== 0) return Effect.succeed(found(`${via}${host} is an address itself`))
  return attempt(host, () => lookup(host, { all: true })).pipe(
    Effect.map((addresses) => found(`${via}${host} is ${addresses.map(({ address }) => address).join(", ")}`)),
    limited(reach, host),
    Effect.mapError((error) => failedWith(error, { cure: nameCure(reach) }))
  )
}

const nameCure = ({ proxy }: Reach): string =>
  Option.isSome(proxy)
    ? "Check the proxy's name in HTTPS_PROXY or HTTP_PROXY, and that this machine is online."
    : "Check the endpoint in the store URL, and that this machine is online and its name servers answer."

export const connects = (reach: Reach): Step => {
  const hop = nextHop(reach)
  const [host, port] = [bare(hop), portOf(hop)]
  const via = Option.isSome(reach.proxy) ? `, the proxy to ${reach.address.host}` : ""
  return Effect.async<string, StoreError>((resume) => {
    const socket = connect({ host, port, autoSelectFamily: true })
    socket.once("connect", () => {
      resume(Effect.succeed(socket.remoteAddress ?? host))
      socket.destroy()
    })
    socket.on("error", (thrown) => resume(Effect.fail(toError(hop.host, thrown))))
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.map((address) => found(`${isIP(address) === 6 ? `[${address}]` : address}:${port}${via}`)),
    limited(reach, hop.host),
    Effect.mapError((error) => failedWith(error))
  )
}

/** For https: the handshake, as every request does it. For http: whether it is http that is spoken there. */
export const secures = (reach: Reach): Step =>
  reach.address.protocol === "https:" ? handshake(reach) : Effect.map(speaksPlainly(reach), () => plainness(reach))

const SOON_DAYS = 14

const SPEAKS_PLAINLY = "If the service has no TLS, write it so in the store URL:"

const handshake = Effect.fnUntraced(function* (reach: Reach) {
  const { address } = reach
  const { certificate, protocol } = yield* shakeHands(reach).pipe(
    limited(reach, address.host),
    Effect.mapError((error) =>
      failedWith(
        error,
        /not speak TLS/.test(error.detail ?? "") ? { cure: `${SPEAKS_PLAINLY} endpoint=http://${address.host}` } : {}
      )
    )
  )
  const days = Math.floor((Date.parse(certificate.valid_to) - (yield* Clock.currentTimeMillis)) / 86_400_000)
  const issuer = first(certificate.issuer?.O) ?? first(certificate.issuer?.CN) ?? "somebody unnamed"
  const detail = `${protocol}, certificate by ${issuer}, valid for ${days} more ${days === 1 ? "day" : "days"}`
  return days < SOON_DAYS
    ? warning(detail, "Renew the server's certificate before it expires; whoever runs the service can.")
    : found(detail)
})

const first = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : value?.[0]

interface Handshake {
  readonly protocol: string
  readonly certificate: PeerCertificate
}

const shakeHands = ({ address, httpsAgent }: Reach): Effect.Effect<Handshake, StoreError> =>
  Effect.async((resume) => {
    const name = address.hostname
    const request = secureRequest({
      ...target(address),
      ...(isIP(bare(address)) === 0 ? { servername: name } : {}),
      agent: httpsAgent
    })
    request.on("socket", (socket) => {
      const secure = socket as TLSSocket
      secure.once("secureConnect", () => {
        resume(Effect.succeed({ protocol: secure.getProtocol() ?? "TLS", certificate: secure.getPeerCertificate() }))
        request.destroy()
      })
    })
    request.on("error", (thrown) => resume(Effect.fail(toError(address.host, thrown))))
    request.on("response", (response) => response.resume())
    request.end()
    return Effect.sync(() => request.destroy())
  })

const plainness = ({ address }: Reach): Found => {
  if (/^(\[?::1\]?$|127\.|.*localhost$)/.test(address.hostname)) return found("plain http on loopback")
  if (isLocal(address.hostname))
    return found("plain http in a private network; what hx stores is encrypted all the same")
  return warning(
    "plain http over the internet: others can see and change requests",
    "Write https:// before the endpoint, if the service has it."
  )
}

/** How long something that speaks http takes to say so; what is only slow is left to the requests that follow. */
const SPEAK = Duration.seconds(3)
const SHAKE = Duration.seconds(2)

/** Fails only where TLS is spoken in its place. What is behind a proxy is left to the requests that follow. */
const speaksPlainly = Effect.fnUntraced(function* (reach: Reach) {
  if (Option.isSome(reach.proxy)) return
  const status = yield* Effect.option(
    Effect.timeoutFail(askPlainly(reach), { duration: shorter(reach, SPEAK), onTimeout: () => undefined })
  )
  // Some servers have an answer of their own for http on the port of TLS.
  if (Option.exists(status, (code) => code !== 400)) return
  const tls = yield* Effect.option(
    Effect.timeoutFail(speaksTls(reach), { duration: shorter(reach, SHAKE), onTimeout: () => undefined })
  )
  if (Option.isNone(tls)) return
  const { address } = reach
  return yield* Effect.fail(
    failedWith(
      new StoreError({
        reason: "Tls",
        operation: "open",
        subject: address.host,
        detail: "it speaks TLS, but the store URL says plain http"
      }),
      { cure: `Write endpoint=https://${address.host} in the store URL.` }
    )
  )
})

const shorter = ({ patience }: Reach, most: Duration.Duration) => Duration.min(patience, most)

const askPlainly = ({ address }: Reach): Effect.Effect<number, undefined> =>
  Effect.async((resume) => {
    const request = plainRequest({ ...target(address), agent: false })
    request.on("response", (response) => {
      resume(Effect.succeed(response.statusCode ?? 0))
      request.destroy()
    })
    request.on("error", () => resume(Effect.fail(undefined)))
    request.end()
    return Effect.sync(() => request.destroy())
  })

/** Whose certificate it is does not matter here: nothing is sent. */
const speaksTls = ({ address }: Reach): Effect.Effect<void, undefined> =>
  Effect.async((resume) => {
    const socket = connectTls({ host: bare(address), port: portOf(address), rejectUnauthorized: false }, () => {
      resume(Effect.void)
      socket.destroy()
    })
    socket.on("error", () => resume(Effect.fail(undefined)))
    return Effect.sync(() => socket.destroy())
  })

/** A request that asks for nothing and is not signed. */
const target = (address: URL) => ({ host: bare(address), port: portOf(address), method: "HEAD", path: "/" })

const attempt = <A>(subject: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (thrown) => toError(subject, thrown) })

const toError = (subject: string, thrown: unknown): StoreError =>
  toStoreError(readFailure(thrown, []), { operation: "open", subject })

const limited =
  ({ patience }: Reach, subject: string) =>
  <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    Effect.timeoutFail(effect, {
      duration: patience,
      onTimeout: () =>
        new StoreError({
          reason: "TimedOut",
          operation: "open",
          subject,
          detail: "no answer in the time allowed for a connection"
        })
    })
