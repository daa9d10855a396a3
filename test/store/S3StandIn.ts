/**
 * A small S3 service in this process that knows who asks: it has accounts, whose signatures (AWS Signature Version 4) it verifies, a region that it
 * insists on, buckets in the path or before the host, and, given a certificate, TLS. Objects are in memory; conditional writes work as at Amazon.
 */

import { createHash, createHmac } from "node:crypto"
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { s3Error } from "./FaultProxy.ts"
import type { SelfSigned } from "./SelfSigned.ts"

export interface Account {
  readonly accessKey: string
  readonly secretKey: string
  /** Requests without it are refused. */
  readonly sessionToken?: string
}

export interface StandInRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  /** Who signed, and for which region; empty where nobody did. */
  readonly accessKey: string
  readonly region: string
  readonly status: number
}

export interface StandInOptions {
  readonly buckets: ReadonlyArray<string>
  readonly accounts: ReadonlyArray<Account>
  /** Where the buckets are: requests signed for another region are sent away. Without one, any region will do. */
  readonly region?: string
  /** Hosts under which buckets are subdomains. */
  readonly domains?: ReadonlyArray<string>
  readonly tls?: SelfSigned
  /** Looks at a request before it is served; what it returns is the answer: an error's code and message, with status 400. */
  readonly refuse?: (
    request: Pick<StandInRequest, "method" | "path" | "accessKey">
  ) => readonly [code: string, message?: string] | undefined
}

export interface StandIn {
  readonly endpoint: string
  readonly port: number
  readonly requests: Array<StandInRequest>
  /** By "bucket/key". */
  readonly objects: Map<string, Buffer>
  readonly stop: () => Promise<void>
}

export const startStandIn = async (options: StandInOptions): Promise<StandIn> => {
  const requests: Array<StandInRequest> = []
  const objects = new Map<string, Buffer>()
  const listener: RequestListener = (incoming, outgoing) => {
    outgoing.on("error", () => undefined)
    collect(incoming).then(
      (body) => {
        const asked = read(incoming, options)
        const answer = serve(asked, body, options, objects)
        const { accessKey, host, method, path, region } = asked
        requests.push({ method, host, path, accessKey, region, status: answer.status })
        outgoing.writeHead(answer.status, answer.headers).end(method === "HEAD" ? undefined : answer.body)
      },
      () => outgoing.destroy()
    )
  }
  const { tls } = options
  const server =
    tls === undefined ? createServer(listener) : createTlsServer({ cert: tls.certificate, key: tls.key }, listener)
  const port = await listen(server)
  return {
    endpoint: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    objects,
    stop: () => close(server)
  }
}

/** Listens on a free port of 127.0.0.1. */
export const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)))

export const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

export const collect = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

interface Asked {
  readonly method: string
  readonly host: string
  /** As sent, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage["headers"]
  readonly accessKey: string
  readonly region: string
  readonly bucket: string
  readonly key: string
}

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

const read = (incoming: IncomingMessage, { domains = [] }: StandInOptions): Asked => {
  const { headers, method = "" } = incoming
  // A proxy that was asked in absolute form has made it relative again.
  const [path = "", query = ""] = (incoming.url ?? "").split("?")
  const host = headers.host ?? ""
  const [accessKey = "", , region = ""] = /Credential=([^,]*)/.exec(headers.authorization ?? "")?.[1]?.split("/") ?? []
  const name = host.replace(/:\d+$/, "")
  const domain = domains.find((each) => name.endsWith(`.${each}`))
  const [first = "", ...rest] = path.slice(1).split("/")
  const [bucket, key] =
    domain === undefined ? [first, rest.join("/")] : [name.slice(0, -domain.length - 1), path.slice(1)]
  const parameters = new URLSearchParams(query)
  return {
    method,
    host,
    path,
    query: parameters,
    headers,
    accessKey,
    region,
    bucket,
    key: decodeURIComponent(key)
  }
}

const serve = (asked: Asked, body: Buffer, options: StandInOptions, objects: Map<string, Buffer>): Answer => {
  const { accessKey, bucket, headers, method, path } = asked
  const account = options.accounts.find((each) => each.accessKey === accessKey)
  if (accessKey === "") return error(403, "AccessDenied", "nobody signed this")
  const refusal = options.refuse?.({ method, path, accessKey })
  if (refusal !== undefined) return error(400, refusal[0], refusal[1])
  if (account === undefined) return error(403, "InvalidAccessKeyId")
  if (headers["x-amz-security-token"] !== account.sessionToken) return error(400, "InvalidToken")
  if (options.region !== undefined && asked.region !== options.region) return elsewhere(asked, options.region)
  if (signatureOf(asked, account, sha256(body)) !== /Signature=(\w+)/.exec(headers.authorization ?? "")?.[1]) {
    return error(403, "SignatureDoesNotMatch")
  }
  if (!options.buckets.includes(bucket)) return error(404, "NoSuchBucket")
  return onObject(asked, body, objects, options.region)
}

const onObject = (asked: Asked, body: Buffer, objects: Map<string, Buffer>, region: string | undefined): Answer => {
  const { bucket, headers, key, method } = asked
  const name = `${bucket}/${key}`
  const found = objects.get(name)
  if (key === "") {
    if (method === "HEAD")
      return { status: 200, headers: region === undefined ? {} : { "x-amz-bucket-region": region } }
    return { status: 200, body: listing(asked, objects) }
  }
  switch (method) {
    case "PUT":
      if (headers["if-none-match"] === "*" && found !== undefined) return error(412, "PreconditionFailed")
      if (headers["if-match"] !== undefined && (found === undefined || headers["if-match"] !== etag(found)))
        return error(412, "PreconditionFailed")
      objects.set(name, body)
      return { status: 200, headers: { etag: etag(body) } }
    case "DELETE":
      objects.delete(name)
      return { status: 204 }
    default:
      if (found === undefined) return error(404, "NoSuchKey")
      return { status: 200, headers: { etag: etag(found), "content-length": String(found.length) }, body: found }
  }
}

/** As Amazon does it: a redirect on HEAD, a malformed header else. */
const elsewhere = ({ method }: Asked, region: string): Answer =>
  method === "HEAD"
    ? { status: 301, headers: { "x-amz-bucket-region": region } }
    : error(400, "AuthorizationHeaderMalformed", `expecting '${region}'`, `<Region>${region}</Region>`)

const error = (status: number, code: string, message = `about ${code}`, more = ""): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: s3Error(code, more).replace(`about ${code}`, message)
})

const listing = ({ bucket, query }: Asked, objects: Map<string, Buffer>): string => {
  const prefix = query.get("prefix") ?? ""
  const contents = [...objects]
    .filter(([name]) => name.startsWith(`${bucket}/${prefix}`))
    .map(([name, { length }]) => [name.slice(bucket.length + 1), length] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, size]) => `<Contents><Key>${key}</Key><ETag>"e"</ETag><Size>${size}</Size></Contents>`)
  return `<ListBucketResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`
}

/** docs.aws.amazon.com, "Create a signed AWS API request". */
const signatureOf = ({ headers, method, path, query }: Asked, account: Account, hash: string): string => {
  const { authorization = "" } = headers
  const signed = /SignedHeaders=([^,]*)/.exec(authorization)?.[1]?.split(";") ?? []
  const scope = /Credential=[^/]*\/([^,]*)/.exec(authorization)?.[1] ?? ""
  const parameters = [...query].map(([name, value]) => `${escape(name)}=${escape(value)}`).sort()
  const canonical = [
    method,
    path,
    parameters.join("&"),
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signed.join(";"),
    hash
  ].join("\n")
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n")
  const key = scope.split("/").reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${account.secretKey}`)
  return hmac(key, text).toString("hex")
}

const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex")
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest()
const etag = (body: Buffer): string => `"${createHash("md5").update(body).digest("hex")}"`
