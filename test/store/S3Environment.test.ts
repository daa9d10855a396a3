import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Layer, Option, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createPlainServer } from "node:http"
import { createServer as createTlsServer, type Server } from "node:https"
import { type AddressInfo, connect, type Server as NetServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, vi } from "vitest"
import { Settings } from "../../src/platform/Settings.ts"
import { environment } from "../../src/platform/Variables.ts"
import { AssumedCapabilities } from "../../src/store/ObjectStore.ts"
import { makeRequestLog, RequestLog } from "../../src/store/RequestLog.ts"
import { isExempt } from "../../src/store/S3Proxy.ts"
import { Stores } from "../../src/store/Stores.ts"
import { formatLocation, parseStoreUrl } from "../../src/store/StoreUrl.ts"
import { s3Error } from "./FaultProxy.ts"
import { openS3 } from "./S3Fixture.ts"
import { selfSigned } from "./SelfSigned.ts"

interface Seen {
  readonly host: string
  readonly url: string
  readonly method: string
  readonly authorization: string
}

/** Stands for Amazon's servers: one that says where the bucket is, and lists nothing. */
const amazon = selfSigned(["*.s3.us-east-1.amazonaws.com", "*.s3.eu-west-3.amazonaws.com", "*.s3.amazonaws.com"])
let seen: Array<Seen> = []
let tunnels: Array<string> = []
let service: Server
let proxy: ReturnType<typeof createPlainServer>
let directory: string

const listening = (server: NetServer) =>
  new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()))
const portOf = (server: NetServer) => (server.address() as AddressInfo).port

beforeAll(async () => {
  service = createTlsServer({ cert: amazon.certificate, key: amazon.key }, (request, response) => {
    const host = request.headers.host ?? ""
    seen.push({
      host,
      url: request.url ?? "",
      method: request.method ?? "",
      authorization: request.headers.authorization ?? ""
    })
    const bucket = host.split(".")[0] ?? ""
    const elsewhere = host.includes("us-east-1") && bucket === "in-paris"
    response.writeHead(elsewhere ? 301 : 200, elsewhere ? { "x-amz-bucket-region": "eu-west-3" } : {})
    if (request.method === "HEAD") return void response.end()
    response.end(
      elsewhere
        ? s3Error("PermanentRedirect")
        : `<ListBucketResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated></ListBucketResult>`
    )
  })
  proxy = createPlainServer((_request, response) => void response.writeHead(405).end())
  proxy.on("connect", (request, client, head) => {
    tunnels.push(`${request.url} ${request.headers["proxy-authorization"] ?? "-"}`)
    if (request.headers["proxy-authorization"] === "Basic bm9ib2R5OnNlY3JldHdvcmQ=") {
      return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    }
    const upstream = connect(portOf(service), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n")
      upstream.write(head)
      client.pipe(upstream).pipe(client)
    })
    upstream.on("error", () => client.destroy())
    client.on("error", () => upstream.destroy())
  })
  await Promise.all([listening(service), listening(proxy)])
  directory = mkdtempSync(join(tmpdir(), "hx-aws-"))
  writeFileSync(join(directory, "ca.pem"), amazon.certificate)
  writeFileSync(join(directory, "config"), "[profile paris]\nregion = eu-west-3\n[profile bare]\noutput = json\n")
  writeFileSync(
    join(directory, "credentials"),
    "[paris]\naws_access_key_id = PARISKEY\naws_secret_access_key = parissecret\n[bare]\naws_access_key_id = BAREKEY\naws_secret_access_key = baresecret\n"
  )
  vi.stubEnv("AWS_CONFIG_FILE", join(directory, "config"))
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(directory, "credentials"))
})
afterEach(() => {
  seen = []
  tunnels = []
})
afterAll(() => {
  vi.unstubAllEnvs()
  service.closeAllConnections()
  service.close()
  proxy.closeAllConnections()
  proxy.close()
  rmSync(directory, { recursive: true, force: true })
})

const variables = (more: Readonly<Record<string, string>> = {}) => ({
  HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
  AWS_CA_BUNDLE: join(directory, "ca.pem"),
  ...more
})
const KEYS = "access_key=URLKEY&secret_key=urlsecret"

/** Lists through the proxy; gives the region that was signed for. */
const listWith = (url: string, more: Readonly<Record<string, string>> = {}, log = makeRequestLog()) =>
  Effect.gen(function* () {
    const store = yield* openS3(url, { variables: variables(more), log })
    yield* Stream.runDrain(store.list(""))
    return seen.at(-1)?.authorization.split("/")[2]
  })

describe("the region of a bucket", () => {
  it.scopedLive("is the URL's, else AWS_REGION, else AWS_DEFAULT_REGION, else the profile's", () =>
    Effect.gen(function* () {
      const both = { AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "eu-west-3" }
      expect(yield* listWith(`s3://bucket?region=eu-west-3&${KEYS}`, both)).toBe("eu-west-3")
      expect(yield* listWith(`s3://bucket?${KEYS}`, both)).toBe("us-east-1")
      expect(yield* listWith(`s3://bucket?${KEYS}`, { AWS_DEFAULT_REGION: "eu-west-3" })).toBe("eu-west-3")
      expect(yield* listWith("s3://bucket?profile=paris", { AWS_REGION: "us-east-1" })).toBe("us-east-1")
      expect(yield* listWith("s3://bucket?profile=paris")).toBe("eu-west-3")
      expect(seen.map(({ method }) => method)).toEqual(["GET", "GET", "GET", "GET", "GET"])
    })
  )

  it.scopedLive("is what the bucket reports where nothing else tells: one request, once", () =>
    Effect.gen(function* () {
      const log = makeRequestLog()
      const store = yield* openS3("s3://in-paris/p?profile=bare", { variables: variables(), log })
      yield* Stream.runDrain(store.list(""))
      yield* Stream.runDrain(store.list("m/"))
      expect(seen.map(({ host, method }) => `${method} ${host}`)).toEqual([
        "HEAD in-paris.s3.us-east-1.amazonaws.com",
        "GET in-paris.s3.eu-west-3.amazonaws.com",
        "GET in-paris.s3.eu-west-3.amazonaws.com"
      ])
      expect((yield* log.records).map(({ operation }) => operation)).toEqual(["head", "list", "list"])
    })
  )

  it.scopedLive("that was given wrongly is an error which names the right one", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(listWith(`s3://in-paris?region=us-east-1&${KEYS}`))
      expect(error).toMatchObject({ reason: "WrongRegion", region: "eu-west-3" })
    })
  )

  it.scopedLive("is written into the location that init records, whoever told it", () =>
    Effect.gen(function* () {
      const settle = (url: string, more: Readonly<Record<string, string>> = {}) =>
        Effect.gen(function* () {
          const parsed = Either.getOrThrow(parseStoreUrl(url, { workingDirectory: "/", home: "/" }))
          return formatLocation(yield* (yield* Stores).settle(parsed.location, parsed.credentials))
        }).pipe(
          Effect.provide(Stores.layer.pipe(Layer.provide([Settings.layerTest(), RequestLog.layer]))),
          Effect.withConfigProvider(environment(variables(more)))
        )
      expect(yield* settle(`s3://in-paris/p?${KEYS}`)).toBe("s3://in-paris/p?region=eu-west-3")
      expect(seen.length).toBe(1)
      expect(yield* settle(`s3://in-paris/p?region=x&${KEYS}`)).toBe("s3://in-paris/p?region=x")
      expect(yield* settle(`s3://in-paris/p?${KEYS}`, { AWS_REGION: "eu-west-3" })).toBe(
        "s3://in-paris/p?region=eu-west-3"
      )
      expect(yield* settle("s3://in-paris/p?profile=paris")).toBe("s3://in-paris/p?region=eu-west-3&profile=paris")
      expect(yield* settle(`s3://in-paris/p?endpoint=localhost:1&${KEYS}`)).toBe(
        "s3://in-paris/p?region=us-east-1&endpoint=http://localhost:1"
      )
      expect(seen.length).toBe(1)
    })
  )
})

describe("the credentials", () => {
  it.scopedLive("are the URL's before a profile's", () =>
    Effect.gen(function* () {
      yield* listWith(`s3://bucket?region=us-east-1&${KEYS}`)
      yield* listWith("s3://bucket?region=us-east-1&profile=paris")
      expect(seen.map(({ authorization }) => /Credential=([A-Z]+)/.exec(authorization)?.[1])).toEqual([
        "URLKEY",
        "PARISKEY"
      ])
    })
  )

  it.scopedLive("of a profile that does not exist are NoCredentials, and the profile is named", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(listWith("s3://bucket?region=us-east-1&profile=nowhere"))
      expect(error.reason).toBe("NoCredentials")
      expect(error.detail).toContain("nowhere")
    })
  )
})

describe("the network", () => {
  it.scopedLive("goes through HTTPS_PROXY, with the name and password in its URL", () =>
    Effect.gen(function* () {
      const withUser = `http://anna:pa%20ss@127.0.0.1:${portOf(proxy)}`
      yield* listWith(`s3://bucket?region=us-east-1&${KEYS}`, { HTTPS_PROXY: withUser })
      expect(tunnels).toEqual([
        `bucket.s3.us-east-1.amazonaws.com:443 Basic ${Buffer.from("anna:pa ss").toString("base64")}`
      ])
    })
  )

  it.scopedLive("does not use the proxy for hosts that NO_PROXY exempts, nor for this machine", () =>
    Effect.gen(function* () {
      const endpoint = `https://127.0.0.1:${portOf(service)}`
      yield* Effect.flip(listWith(`s3://bucket?path_style=true&endpoint=${endpoint}&${KEYS}`))
      expect(seen.length).toBe(1)
      expect(tunnels).toEqual([])
      const url = `s3://bucket?region=us-east-1&endpoint=https://storage.invalid&${KEYS}`
      const error = yield* Effect.flip(listWith(url, { NO_PROXY: "example.com, .invalid" }))
      expect(["Unreachable", "TimedOut"]).toContain(error.reason)
      expect(tunnels).toEqual([])
    })
  )

  it.scopedLive("that a proxy refuses is an error without the proxy's password", () =>
    Effect.gen(function* () {
      const url = `s3://bucket?region=us-east-1&${KEYS}`
      const refusing = `http://nobody:secretword@127.0.0.1:${portOf(proxy)}`
      const error = yield* Effect.flip(listWith(url, { HTTPS_PROXY: refusing }))
      expect(error.reason).toBe("Misconfigured")
      expect(error.message).toContain("407")
      expect(error.message).not.toContain("secretword")
      const bad = yield* Effect.flip(listWith(url, { HTTPS_PROXY: "socks5://127.0.0.1:1" }))
      expect(bad).toMatchObject({ reason: "Misconfigured", subject: "HTTPS_PROXY" })
      for (const name of ["HTTPS_PROXY", "HTTP_PROXY"]) {
        const unreadable = yield* Effect.flip(listWith(url, { [name]: "http://nobody:100%secretword@127.0.0.1:1" }))
        expect(unreadable).toMatchObject({ reason: "Misconfigured", subject: name })
        expect(unreadable.message).toContain("%25")
        expect(unreadable.message).not.toContain("secretword")
      }
    })
  )

  it.scopedLive("trusts AWS_CA_BUNDLE; without it a certificate nobody vouches for is Tls", () =>
    Effect.gen(function* () {
      const url = `s3://bucket?region=us-east-1&${KEYS}`
      expect((yield* Effect.flip(listWith(url, { AWS_CA_BUNDLE: "" }))).reason).toBe("Tls")
      const missing = yield* Effect.flip(listWith(url, { AWS_CA_BUNDLE: "/no/such/file.pem" }))
      expect(missing).toMatchObject({ reason: "Misconfigured", subject: "AWS_CA_BUNDLE" })
      expect(yield* listWith(url)).toBe("us-east-1")
    })
  )

  it.scopedLive("goes to AWS_ENDPOINT_URL_S3 where the URL names no endpoint", () =>
    Effect.gen(function* () {
      const endpoint = `https://127.0.0.1:${portOf(service)}`
      yield* Effect.flip(listWith(`s3://bucket?${KEYS}`, { AWS_ENDPOINT_URL_S3: endpoint }))
      expect(seen.map(({ url }) => url.split("?")[0])).toEqual(["/bucket/"])
      const bad = yield* Effect.flip(listWith(`s3://bucket?${KEYS}`, { AWS_ENDPOINT_URL: "what?" }))
      expect(bad.reason).toBe("Misconfigured")
    })
  )

  it.each([
    ["s3.example.com", "443", "s3.example.com", true],
    ["s3.example.com", "443", "example.com", true],
    ["s3.example.com", "443", ".example.com", true],
    ["s3.example.com", "443", "*.example.com", true],
    ["s3.example.com", "443", "localhost,EXAMPLE.COM", true],
    ["s3.example.com", "443", "*", true],
    ["s3.example.com", "443", "example.com:443", true],
    ["s3.example.com", "443", "example.com:8443", false],
    ["s3.example.com", "443", "ample.com", false],
    ["s3.example.com", "443", "example.org", false],
    ["s3.example.com", "443", "", false],
    ["10.0.0.1", "9000", "10.0.0.1", true]
  ])("exempts %s:%s under NO_PROXY=%j: %s", (host, port, noProxy, expected) =>
    expect(isExempt(host, port, noProxy)).toBe(expected)
  )
})

describe("an S3 store", () => {
  it.scopedLive("is opened without a request, by whoever opens it", () =>
    Effect.gen(function* () {
      const parsed = Either.getOrThrow(parseStoreUrl(`s3://in-paris?${KEYS}`, { workingDirectory: "/", home: "/" }))
      const store = yield* Effect.gen(function* () {
        return yield* (yield* Stores).open(parsed.location, parsed.credentials, AssumedCapabilities)
      }).pipe(
        Effect.provide(Stores.layer.pipe(Layer.provide([Settings.layerTest(), RequestLog.layer]))),
        Effect.withConfigProvider(environment(variables()))
      )
      expect(store.display).toBe("s3://in-paris")
      expect(Option.isSome(parsed.credentials) && JSON.stringify(store)).not.toContain("urlsecret")
      expect([seen, tunnels]).toEqual([[], []])
    })
  )
})
