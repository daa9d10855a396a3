import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Inspectable, Stream } from "effect"
import { createServer } from "node:net"
import { afterAll, beforeAll, beforeEach } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { Always, Create, IfMatch, type ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { makeRequestLog } from "../../src/store/RequestLog.ts"
import type { StoreError, StoreErrorReason } from "../../src/store/StoreError.ts"
import { type Fault, type FaultProxy, s3Error, startFaultProxy } from "./FaultProxy.ts"
import { MIB, openS3 } from "./S3Fixture.ts"

const SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
const TOKEN = "FwoGZXIvYXdzEBYaDExampleToken"

let server: S3rverServer
let proxy: FaultProxy
beforeAll(async () => {
  server = await startS3rver(["faults"])
  proxy = await startFaultProxy(server.endpoint)
})
beforeEach(() => proxy.plan(() => undefined))
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

const url = (more = "") =>
  `s3://faults/p?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=${SECRET}&session_token=${TOKEN}${more}`

/** Patient for 300 ms. */
const open = Effect.suspend(() => openS3(url(), { policy: { timeout: Duration.millis(300) } }))

const x = Buffer.from("some content")
const get = (store: ObjectStoreService) => store.get("x", MIB)
const put = (store: ObjectStoreService) => store.put("x", x, { condition: Always })
const list = (store: ObjectStoreService) => Stream.runCollect(store.list(""))
const create = (store: ObjectStoreService) => store.put("x", x, { condition: Create })
const swap = (store: ObjectStoreService) => store.put("x", x, { condition: IfMatch("e") })
const remove = (store: ObjectStoreService) => store.delete("x")

/** The error that the operation gives under the fault; it may contain no secret, however it is printed. */
const errorOf = (operation: (store: ObjectStoreService) => Effect.Effect<unknown, StoreError>, fault: Fault) =>
  Effect.gen(function* () {
    const store = yield* open
    proxy.plan(() => fault)
    const error = yield* Effect.flip(operation(store))
    const { inspect } = yield* Effect.promise(() => import("node:util"))
    const shown = [
      error.message,
      error.stack,
      inspect(error, { depth: 10, showHidden: true }),
      Inspectable.toStringUnknown(error)
    ]
    for (const text of shown) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain(TOKEN)
      expect(text).not.toContain("AWS4-HMAC-SHA256")
    }
    return error
  })

const answer = (status: number, code?: string, more?: string, headers?: Readonly<Record<string, string>>): Fault => ({
  kind: "answer",
  status,
  ...(code === undefined ? {} : { body: s3Error(code, more) }),
  ...(headers === undefined ? {} : { headers })
})

const html = (status: number, headers: Readonly<Record<string, string>> = { "content-type": "text/html" }): Fault => ({
  kind: "answer",
  status,
  headers,
  body: "<!doctype html><html><head><title>Log in</title></head><body><p>Welcome<br></p></body></html>"
})

type Case = readonly [
  what: string,
  operation: (store: ObjectStoreService) => Effect.Effect<unknown, StoreError>,
  fault: Fault,
  reason: StoreErrorReason
]

const cases: ReadonlyArray<Case> = [
  ["InvalidAccessKeyId", list, answer(403, "InvalidAccessKeyId"), "CredentialsRefused"],
  [
    "SignatureDoesNotMatch",
    get,
    answer(403, "SignatureDoesNotMatch", "<StringToSign>AWS4-HMAC-SHA256 x</StringToSign>"),
    "CredentialsRefused"
  ],
  ["AccessDenied", put, answer(403, "AccessDenied"), "AccessDenied"],
  ["401 without more", get, answer(401), "AccessDenied"],
  ["403 without more", get, answer(403), "AccessDenied"],
  ["ExpiredToken", get, answer(400, "ExpiredToken"), "CredentialsExpired"],
  ["RequestTimeTooSkewed", get, answer(403, "RequestTimeTooSkewed"), "ClockSkewed"],
  [
    "PermanentRedirect",
    list,
    answer(301, "PermanentRedirect", "", { "x-amz-bucket-region": "eu-west-1" }),
    "WrongRegion"
  ],
  [
    "a malformed signature's region",
    get,
    answer(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
    "WrongRegion"
  ],
  ["NoSuchBucket", get, answer(404, "NoSuchBucket"), "NoSuchBucket"],
  ["NoSuchBucket of a list", list, answer(404, "NoSuchBucket"), "NoSuchBucket"],
  ["NoSuchKey", get, answer(404, "NoSuchKey"), "Absent"],
  ["412 of a create", create, answer(412, "PreconditionFailed"), "AlreadyExists"],
  ["412 of a swap", swap, answer(412, "PreconditionFailed"), "SwapLost"],
  ["409 of a create", create, answer(409, "ConditionalRequestConflict"), "AlreadyExists"],
  ["409 of a swap", swap, answer(409, "ConditionalRequestConflict"), "SwapLost"],
  ["404 of a swap", swap, answer(404, "NoSuchKey"), "SwapLost"],
  ["409 of a plain put", put, answer(409, "OperationAborted"), "Throttled"],
  ["501", create, answer(501, "NotImplemented"), "Unsupported"],
  ["501 without more", create, answer(501), "Unsupported"],
  ["InvalidObjectState", get, answer(403, "InvalidObjectState"), "Archived"],
  ["SlowDown", get, answer(503, "SlowDown"), "Throttled"],
  ["503 from a proxy", get, html(503), "Throttled"],
  ["429 without more", put, answer(429), "Throttled"],
  ["InternalError", put, answer(500, "InternalError"), "ServerFailure"],
  ["500 without more", get, answer(500), "ServerFailure"],
  ["502 from a proxy", get, html(502), "ServerFailure"],
  ["504 without more", swap, answer(504), "ServerFailure"],
  ["an unknown client error", put, answer(400, "SomethingNew"), "Misconfigured"],
  ["a full disk behind the server", put, answer(507, "XMinioStorageFull"), "NoSpace"],
  ["a login page for a list", list, html(200), "NotAStore"],
  ["a login page for a get", get, html(200), "NotAStore"],
  ["a login page for a put", put, html(200), "NotAStore"],
  ["a redirect to a login page", get, html(302, { location: "https://login.example/?token=1" }), "NotAStore"],
  ["a redirect to a login page, list", list, html(302, { location: "https://login.example/?token=1" }), "NotAStore"],
  ["an empty success for a list", list, answer(200), "NotAStore"],
  ["a list without end", list, { kind: "answer", status: 200, body: endless(listOf("faults", "false")) }, "NotAStore"],
  ["an error without end", get, { kind: "answer", status: 503, body: endless(s3Error("SlowDown")) }, "NotAStore"],
  ["an error whose code repeats a secret", get, answer(500, `${TOKEN}&#27;[31m`), "ServerFailure"],
  ["a list of another bucket", list, { kind: "answer", status: 200, body: listOf("other", "false") }, "NotAStore"],
  [
    "a list that does not say whether there is more",
    list,
    { kind: "answer", status: 200, body: listOf("faults", "") },
    "NotAStore"
  ],
  [
    "a list that has more but not where",
    list,
    { kind: "answer", status: 200, body: listOf("faults", "true") },
    "ServerFailure"
  ],
  ["half a list", list, { kind: "answer", status: 200, body: listOf("faults", "false").slice(0, 90) }, "ServerFailure"],
  ["404 from a web server", get, html(404), "NotAStore"],
  ["405 from a web server", put, html(405), "NotAStore"],
  ["a reset", get, { kind: "reset" }, "ConnectionLost"],
  ["a reset of a put", put, { kind: "reset" }, "ConnectionLost"],
  ["a lost response", put, { kind: "lost response" }, "ConnectionLost"],
  ["a lost response of a delete", remove, { kind: "lost response" }, "ConnectionLost"],
  ["a truncated body", get, { kind: "truncate", after: 4 }, "ConnectionLost"],
  ["silence", get, { kind: "stall" }, "TimedOut"],
  ["silence after a put", put, { kind: "stall" }, "TimedOut"],
  ["silence in the middle of a body", get, { kind: "stall body", after: 4 }, "TimedOut"],
  ["silence for a list", list, { kind: "stall" }, "TimedOut"]
]

function listOf(bucket: string, truncated: string): string {
  return `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><Prefix>p/</Prefix>${
    truncated === "" ? "" : `<IsTruncated>${truncated}</IsTruncated>`
  }<KeyCount>0</KeyCount></ListBucketResult>`
}

/** Some megabytes more than any page or error has. */
function endless(xml: string): string {
  return xml.replace(/<\/[A-Za-z]*>$/, (end) => `${" ".repeat(17 * 1024 * 1024)}${end}`)
}

describe("a failure of S3", () => {
  it.scopedLive.each(cases)("%s", ([, operation, fault, reason]) =>
    Effect.gen(function* () {
      yield* Effect.flatMap(openS3(server.storeUrl("faults", "p")), put)
      const [elapsed, error] = yield* Effect.timed(errorOf(operation, fault))
      expect(error.reason, error.message).toBe(reason)
      expect(Duration.toMillis(elapsed)).toBeLessThan(10_000)
      // A refused read is followed by a list, which tells what is forbidden from what is absent (S3Absence).
      expect(proxy.requests.length).toBe(operation === get && reason === "AccessDenied" ? 2 : 1)
    })
  )

  it.scopedLive("is a list of what no S3 service lists: sizes that are none, endless ETags and storage classes", () =>
    Effect.gen(function* () {
      const store = yield* open
      const long = "x".repeat(10_000)
      for (const [etag, size, storageClass] of [
        ["e", "-1", ""],
        ["e", "1e999", ""],
        ["e", "0.5", ""],
        [long, "1", ""],
        ["e", "1", long]
      ]) {
        const object = `<Contents><Key>p/x</Key><ETag>${etag}</ETag><Size>${size}</Size><StorageClass>${storageClass}</StorageClass></Contents>`
        proxy.plan(() => ({
          kind: "answer",
          status: 200,
          body: listOf("faults", "false").replace("<KeyCount>", `${object}<KeyCount>`)
        }))
        expect((yield* Effect.flip(Stream.runDrain(store.list("")))).reason).toBe("NotAStore")
      }
    })
  )

  it.scopedLive("is a list that never ends", () =>
    Effect.gen(function* () {
      const store = yield* open
      const object = "<Contents><Key>p/x</Key><ETag>e</ETag><Size>1</Size></Contents>"
      const page = (index: number) =>
        listOf("faults", "true").replace(
          "<KeyCount>",
          `<NextContinuationToken>${index}</NextContinuationToken>${object.repeat(60_000)}<KeyCount>`
        )
      proxy.plan((index) => ({ kind: "answer", status: 200, body: page(index) }))
      const error = yield* Effect.flip(Stream.runDrain(store.list("")))
      expect(error).toMatchObject({ reason: "NotAStore", detail: "its list does not end" })
      expect(proxy.requests.length).toBeLessThan(20)
    })
  )

  it.scopedLive("says how long to wait, where the store does", () =>
    Effect.gen(function* () {
      expect((yield* errorOf(get, answer(503, "SlowDown", "", { "retry-after": "7" }))).retryAfter).toBe(7_000)
      expect((yield* errorOf(get, answer(429, undefined, "", { "retry-after": "soon" }))).retryAfter).toBeUndefined()
    })
  )

  it.scopedLive("names the region to use", () =>
    Effect.gen(function* () {
      const error = yield* errorOf(list, answer(301, "PermanentRedirect", "", { "x-amz-bucket-region": "eu-west-1" }))
      expect(error).toMatchObject({ region: "eu-west-1", detail: "the bucket is in eu-west-1" })
    })
  )

  it.scopedLive("shows neither what a server repeats of our secrets nor what it could do to a terminal", () =>
    Effect.gen(function* () {
      const body = s3Error("AccessDenied").replace("about", `no ${TOKEN} \u001b]0;title\u0007 &#27;[31m for`)
      const error = yield* errorOf(get, { kind: "answer", status: 403, body })
      expect(error.reason).toBe("AccessDenied")
      expect(error.message).not.toMatch(/\p{Cc}/u)
    })
  )

  it.scopedLive("is Refused where nobody listens, Unreachable where no such host is", () =>
    Effect.gen(function* () {
      const port = yield* closedPort
      const refused = yield* openS3(`s3://faults?endpoint=127.0.0.1:${port}&access_key=a&secret_key=${SECRET}`)
      expect((yield* Effect.flip(get(refused))).reason).toBe("Refused")
      const nowhere = yield* openS3(`s3://faults?endpoint=no-such-host.invalid&access_key=a&secret_key=${SECRET}`)
      expect((yield* Effect.flip(get(nowhere))).reason).toBe("Unreachable")
    })
  )

  it.scopedLive("is Tls where https meets http, and NotAStore where what answers speaks no HTTP", () =>
    Effect.gen(function* () {
      const tls = yield* openS3(
        `s3://faults?endpoint=${proxy.endpoint.replace("http:", "https:")}&access_key=a&secret_key=b`
      )
      expect((yield* Effect.flip(get(tls))).reason).toBe("Tls")
      const ssh = yield* talker("SSH-2.0-OpenSSH_9.2\r\n")
      const other = yield* openS3(`s3://faults?endpoint=http://127.0.0.1:${ssh}&access_key=a&secret_key=b`)
      expect((yield* Effect.flip(get(other))).reason).toBe("NotAStore")
    })
  )

  it.scopedLive("is NoCredentials, at once and without a request, where there are none", () =>
    Effect.gen(function* () {
      const log = makeRequestLog()
      const store = yield* openS3(`s3://faults?endpoint=${proxy.endpoint}&region=us-east-1`, { log })
      proxy.plan(() => undefined)
      const [elapsed, error] = yield* Effect.timed(Effect.flip(get(store)))
      expect(error.reason).toBe("NoCredentials")
      expect(Duration.toMillis(elapsed)).toBeLessThan(10_000)
      expect(proxy.requests).toEqual([])
      expect(yield* log.records).toEqual([])
    })
  )
})

describe("deleting in a versioned bucket", () => {
  const versions = (more: boolean, ...ids: ReadonlyArray<string>) =>
    `<ListVersionsResult><Name>faults</Name><IsTruncated>${more}</IsTruncated>${ids
      .map((id) => `<Version><Key>p/x</Key><VersionId>${id}</VersionId></Version>`)
      .join("")}<Version><Key>p/xyz</Key><VersionId>other</VersionId></Version></ListVersionsResult>`
  const marker: Fault = {
    kind: "answer",
    status: 204,
    headers: { "x-amz-delete-marker": "true", "x-amz-version-id": "m" }
  }

  it.scopedLive("deletes the older versions too, page by page, and those of no other object", () =>
    Effect.gen(function* () {
      const store = yield* open
      const pages = [versions(true, "3", "2"), versions(false, "1", "m")]
      proxy.plan((_, { method, url: asked }) =>
        method === "GET"
          ? { kind: "answer", status: 200, body: pages.shift() ?? "" }
          : asked.includes("versionId")
            ? { kind: "answer", status: 204 }
            : marker
      )
      expect(yield* remove(store)).toEqual({ versionsLeft: false })
      const deleted = proxy.requests.flatMap(({ url: asked }) => /versionId=(\w+)/.exec(asked)?.[1] ?? [])
      expect(deleted).toEqual(["3", "2", "1", "m"])
    })
  )

  it.scopedLive.each([403, 501])("says that they are left where that is not allowed (%d)", (status) =>
    Effect.gen(function* () {
      const store = yield* open
      proxy.plan((index) => (index === 0 ? marker : { kind: "answer", status }))
      expect(yield* remove(store)).toEqual({ versionsLeft: true })
    })
  )

  it.scopedLive("fails where it was only interrupted by the network", () =>
    Effect.gen(function* () {
      const store = yield* open
      proxy.plan((index) => (index === 0 ? marker : { kind: "reset" }))
      expect((yield* Effect.flip(remove(store))).reason).toBe("ConnectionLost")
    })
  )
})

describe("patience", () => {
  it.scopedLive("lasts as long as bytes come, though the whole takes longer than the timeout", () =>
    Effect.gen(function* () {
      const store = yield* open
      yield* put(store)
      proxy.plan(() => ({ kind: "trickle", millis: 80 }))
      const [elapsed, found] = yield* Effect.timed(get(store))
      expect(Buffer.from(found.bytes).toString()).toBe("some content")
      expect(Duration.toMillis(elapsed)).toBeGreaterThan(300)
    })
  )

  it.scopedLive("ends when a body takes longer than its size excuses", () =>
    Effect.gen(function* () {
      const store = yield* openS3(url(), { policy: { timeout: Duration.millis(200) } })
      yield* store.put("slow", Buffer.alloc(400), { condition: Always })
      proxy.plan(() => ({ kind: "trickle", millis: 50 }))
      const [elapsed, error] = yield* Effect.timed(Effect.flip(store.get("slow", MIB)))
      expect(error.reason).toBe("TimedOut")
      expect(Duration.toMillis(elapsed)).toBeLessThan(10_000)
    })
  )

  it.scopedLive("does not hold up an interruption", () =>
    Effect.gen(function* () {
      const store = yield* openS3(url())
      proxy.plan(() => ({ kind: "stall" }))
      const reading = yield* Effect.fork(get(store))
      yield* Effect.sleep("100 millis")
      const [elapsed, exit] = yield* Effect.timed(Fiber.interrupt(reading))
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(Duration.toMillis(elapsed)).toBeLessThan(10_000)
    })
  )
})

describe("what a hostile server sends", () => {
  it.scopedLive("is not read beyond the cap, though it hides its size", () =>
    Effect.gen(function* () {
      const store = yield* open
      const flood: Fault = {
        kind: "answer",
        status: 200,
        headers: { etag: '"e"', "transfer-encoding": "chunked" },
        body: "x".repeat(300_000)
      }
      proxy.plan(() => flood)
      expect((yield* Effect.flip(store.get("x", 1000))).reason).toBe("TooLarge")
    })
  )

  it.scopedLive("may be objects outside the prefix or with odd names: these are not listed", () =>
    Effect.gen(function* () {
      const store = yield* open
      const keys = ["p/good", "p/", "p/folder/", "other/x", "p/../x", "p/a//b"]
      const contents = keys
        .map((key) => `<Contents><Key>${key}</Key><ETag>"e"</ETag><Size>1</Size></Contents>`)
        .join("")
      const body = listOf("faults", "false").replace("<KeyCount>", `${contents}<KeyCount>`)
      proxy.plan(() => ({ kind: "answer", status: 200, body }))
      expect(Chunk.toReadonlyArray(yield* list(store)).map(({ name }) => name)).toEqual(["good"])
    })
  )
})

const closedPort = Effect.promise(
  () =>
    new Promise<number>((resolve) => {
      const server = createServer()
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
      })
    })
)

/** Says one thing to everybody who connects. */
const talker = (words: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<ReturnType<typeof createServer>>((resolve) => {
            const server = createServer((socket) => {
              socket.on("error", () => undefined)
              socket.end(words)
            })
            server.listen(0, "127.0.0.1", () => resolve(server))
          })
      ),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    }
  )
