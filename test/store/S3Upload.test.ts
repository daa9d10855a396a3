import { ListMultipartUploadsCommand, ListPartsCommand } from "@aws-sdk/client-s3"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import { afterAll, beforeAll } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { Always, Create, IfMatch, type PutOptions, UNHEARD_UPLOAD } from "../../src/store/ObjectStore.ts"
import { makeRequestLog } from "../../src/store/RequestLog.ts"
import { retrying } from "../../src/store/RetryingStore.ts"
import { retryPolicy } from "../../src/store/StorePolicy.ts"
import { type Fault, type FaultProxy, type SeenRequest, s3Error, startFaultProxy } from "./FaultProxy.ts"
import { freshBucket, MIB, openS3, rawClient, realServer, urlOf } from "./S3Fixture.ts"

let server: S3rverServer
let proxy: FaultProxy
beforeAll(async () => {
  server = await startS3rver(["uploads"])
  proxy = await startFaultProxy(server.endpoint)
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

/** Three parts, the last of them short. */
const large = Buffer.alloc(10 * MIB + 5, 7)

const stepOf = ({ method, url }: SeenRequest): string => {
  if (method === "POST") return /[?&]uploads/.test(url) ? "start" : "finish"
  if (method === "DELETE") return url.includes("uploadId") ? "abort" : "delete"
  if (method === "HEAD") return "head"
  return /partNumber=(\d+)/.exec(url)?.[1] ?? method.toLowerCase()
}
const steps = () => proxy.requests.map(stepOf)

const at =
  (step: string, fault: Fault) =>
  (_: number, request: SeenRequest): Fault | undefined =>
    // s3rver cannot abort; servers that can say 204.
    stepOf(request) === step ? fault : stepOf(request) === "abort" ? { kind: "answer", status: 204 } : undefined

const noting = (): { readonly notes: Array<string | null>; readonly options: PutOptions } => {
  const notes: Array<string | null> = []
  return {
    notes,
    options: {
      condition: Always,
      onMultipart: (id) =>
        Effect.sync(() => {
          // That an upload begins is known before it is asked for, and its id before any part has gone.
          if (id !== null) expect(steps()).toEqual(id === UNHEARD_UPLOAD ? [] : ["start"])
          notes.push(id)
        })
    }
  }
}

const open = (timeout = 5_000) =>
  openS3(`s3://uploads/p?endpoint=${proxy.endpoint}&access_key=S3RVER&secret_key=S3RVER`, {
    policy: { timeout: Duration.millis(timeout) }
  })

describe("an upload in parts", () => {
  it.scopedLive("is started, sent, finished; each request is recorded with its bytes", () =>
    Effect.gen(function* () {
      const log = makeRequestLog()
      const store = yield* openS3(server.storeUrl("uploads", "log"), { log })
      const sent: Array<number> = []
      yield* store.put("x", large, { condition: Always, onProgress: (bytes) => sent.push(bytes) })
      expect((yield* log.records).map((record) => [record.operation, record.sent, record.outcome])).toEqual([
        ["start upload", 0, "ok"],
        ["put part", 5 * MIB, "ok"],
        ["put part", 5 * MIB, "ok"],
        ["put part", 5, "ok"],
        ["finish upload", 0, "ok"]
      ])
      expect(sent).toEqual([5 * MIB, 10 * MIB, 10 * MIB + 5, 10 * MIB + 5])
    })
  )

  it.scopedLive("is made above the part size only, and never for an if-match put", () =>
    Effect.gen(function* () {
      const store = yield* open()
      proxy.plan(() => undefined)
      yield* store.put("x", large.subarray(0, 5 * MIB), { condition: Always })
      yield* store.put("x", large, { condition: IfMatch("whatever, s3rver does not look") })
      expect(steps()).toEqual(["put", "put"])
      yield* store.put("x", large.subarray(0, 5 * MIB + 1), { condition: Always })
      expect(steps()).toEqual(["put", "put", "start", "1", "2", "finish"])
    })
  )

  it.scopedLive("of a create-only put looks first, and sends nothing where there is an object", () =>
    Effect.gen(function* () {
      const store = yield* open()
      proxy.plan(() => undefined)
      yield* store.put("created", large, { condition: Create })
      expect(steps()).toEqual(["head", "start", "1", "2", "3", "finish"])
      proxy.plan(() => undefined)
      const error = yield* Effect.flip(store.put("created", large, { condition: Create }))
      expect(error.reason).toBe("AlreadyExists")
      expect(steps()).toEqual(["head"])
    })
  )

  it.scopedLive("that fails is aborted once, and the caller hears that it is over", () =>
    Effect.gen(function* () {
      const store = yield* open()
      const { notes, options } = noting()
      proxy.plan(at("2", { kind: "answer", status: 500, body: s3Error("InternalError") }))
      const error = yield* Effect.flip(store.put("x", large, options))
      expect(error.reason).toBe("ServerFailure")
      expect(steps()).toEqual(["start", "1", "2", "abort"])
      expect(notes).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./), null])
    })
  )

  it.scopedLive(
    "sends again only what failed, as often as the policy allows; and the whole is not repeated after that",
    () =>
      Effect.gen(function* () {
        const retry = retryPolicy({ retries: 2, delay: Duration.millis(1), maxDelay: Duration.millis(5) })
        const inner = yield* openS3(`s3://uploads/p?endpoint=${proxy.endpoint}&access_key=S3RVER&secret_key=S3RVER`, {
          policy: { retry }
        })
        const store = retrying(inner, retry)
        const slow: Fault = { kind: "answer", status: 503, body: s3Error("SlowDown") }
        const slowed = new Set<string>()
        proxy.plan((_, request) => {
          const step = stepOf(request)
          if (slowed.has(step)) return undefined
          slowed.add(step)
          return slow
        })
        yield* store.put("again", large, { condition: Always })
        expect(steps()).toEqual(["start", "start", "1", "1", "2", "2", "3", "3", "finish", "finish"])
        proxy.plan(at("2", slow))
        const error = yield* Effect.flip(store.put("never", large, { condition: Always }))
        expect(error.reason).toBe("Throttled")
        expect(steps()).toEqual(["start", "1", "2", "2", "2", "abort"])
      })
  )

  it.scopedLive("whose beginning was lost is looked for, and aborted, once another has taken its place", () =>
    Effect.gen(function* () {
      const retry = retryPolicy({ retries: 2, delay: Duration.millis(1), maxDelay: Duration.millis(5) })
      const store = yield* openS3(`s3://uploads/p?endpoint=${proxy.endpoint}&access_key=S3RVER&secret_key=S3RVER`, {
        policy: { retry }
      })
      const { notes, options } = noting()
      const listed =
        "<ListMultipartUploadsResult><Upload><Key>p/x</Key><UploadId>lost</UploadId></Upload><Upload><Key>p/xy</Key><UploadId>other</UploadId></Upload></ListMultipartUploadsResult>"
      proxy.plan((index, request) => {
        if (index === 0) return { kind: "lost response" }
        if (/[?&]uploads/.test(request.url) && request.method === "GET")
          return { kind: "answer", status: 200, body: listed }
        return stepOf(request) === "abort" ? { kind: "answer", status: 204 } : undefined
      })
      yield* store.put("x", large, { ...options, onMultipart: (id) => Effect.sync(() => void notes.push(id)) })
      expect(steps()).toEqual(["start", "start", "1", "2", "3", "finish", "get", "abort"])
      expect(proxy.requests.at(-1)?.url).toContain("uploadId=lost")
      expect(notes).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./), null])
    })
  )

  it.scopedLive("interrupted while it is asked for is aborted once its id is there", () =>
    Effect.gen(function* () {
      const store = yield* open()
      const { notes, options } = noting()
      proxy.plan((_, request) =>
        stepOf(request) === "start"
          ? { kind: "delay", millis: 300 }
          : stepOf(request) === "abort"
            ? { kind: "answer", status: 204 }
            : undefined
      )
      const putting = yield* Effect.fork(store.put("x", large, options))
      while (!steps().includes("start")) yield* Effect.sleep("20 millis")
      expect(Exit.isInterrupted(yield* Fiber.interrupt(putting))).toBe(true)
      expect(steps()).toEqual(["start", "abort"])
      expect(notes).toEqual([UNHEARD_UPLOAD, null])
    })
  )

  it.scopedLive("that stands still is TimedOut and aborted", () =>
    Effect.gen(function* () {
      const store = yield* open(400)
      const { notes, options } = noting()
      proxy.plan(at("3", { kind: "stall" }))
      expect((yield* Effect.flip(store.put("x", large, options))).reason).toBe("TimedOut")
      expect(steps()).toEqual(["start", "1", "2", "3", "abort"])
      expect(notes).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./), null])
    })
  )

  it.scopedLive("that is interrupted is aborted before the interruption is over", () =>
    Effect.gen(function* () {
      const store = yield* open(60_000)
      const { notes, options } = noting()
      proxy.plan(at("2", { kind: "stall" }))
      const putting = yield* Effect.fork(store.put("x", large, options))
      while (!steps().includes("2")) yield* Effect.sleep("20 millis")
      const [elapsed, exit] = yield* Effect.timed(Fiber.interrupt(putting))
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(Duration.toMillis(elapsed)).toBeLessThan(10_000)
      expect(steps()).toEqual(["start", "1", "2", "abort"])
      expect(notes).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./), null])
    })
  )

  it.scopedLive("that can be neither finished nor aborted is left with its id for the next run", () =>
    Effect.gen(function* () {
      const store = yield* open()
      const { notes, options } = noting()
      const down: Fault = { kind: "answer", status: 503, body: s3Error("SlowDown") }
      proxy.plan((_, request) => (["2", "abort"].includes(stepOf(request)) ? down : undefined))
      expect((yield* Effect.flip(store.put("x", large, options))).reason).toBe("Throttled")
      expect(steps()).toEqual(["start", "1", "2", "abort"])
      expect(notes).toEqual([UNHEARD_UPLOAD, expect.stringMatching(/./)])
      proxy.plan(at("none", down))
      yield* store.abortMultipart("x", notes[1] ?? "")
      expect(steps()).toEqual(["abort"])
      expect(proxy.requests[0]?.url).toContain(encodeURIComponent(notes[1] ?? "no id"))
    })
  )

  it.scopedLive("whose end was lost may have been written: ConnectionLost", () =>
    Effect.gen(function* () {
      const store = yield* open()
      proxy.plan(at("finish", { kind: "lost response" }))
      expect((yield* Effect.flip(store.put("lost", large, { condition: Always }))).reason).toBe("ConnectionLost")
      proxy.plan(() => undefined)
      expect((yield* store.get("lost", 64 * MIB)).bytes.length).toBe(large.length)
    })
  )
})

const real = realServer()

describe.skipIf(real === undefined)("an upload in parts to a real server", () => {
  it.scopedLive("leaves neither parts nor uploads when it is interrupted or fails", () =>
    Effect.gen(function* () {
      if (real === undefined) return
      const bucket = yield* freshBucket(real)
      const through = yield* Effect.acquireRelease(
        Effect.promise(() => startFaultProxy(real.endpoint)),
        (started) => Effect.promise(() => started.stop())
      )
      const store = yield* openS3(urlOf({ ...real, endpoint: through.endpoint }, bucket))
      const client = rawClient(real)
      const left = Effect.promise(
        async () => (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []
      )

      through.plan((_, request) => (stepOf(request) === "2" ? { kind: "stall" } : undefined))
      const putting = yield* Effect.fork(store.put("interrupted", large, { condition: Always }))
      while (!through.requests.some((request) => stepOf(request) === "2")) yield* Effect.sleep("20 millis")
      expect((yield* left).length).toBe(1)
      yield* Fiber.interrupt(putting)
      expect(yield* left).toEqual([])

      through.plan((_, request) => (stepOf(request) === "3" ? { kind: "reset" } : undefined))
      expect((yield* Effect.flip(store.put("failed", large, { condition: Always }))).reason).toBe("ConnectionLost")
      expect(yield* left).toEqual([])
      client.destroy()
    })
  )

  it.scopedLive("that a killed run left is aborted by its id", () =>
    Effect.gen(function* () {
      if (real === undefined) return
      const bucket = yield* freshBucket(real)
      const through = yield* Effect.acquireRelease(
        Effect.promise(() => startFaultProxy(real.endpoint)),
        (started) => Effect.promise(() => started.stop())
      )
      const store = yield* openS3(urlOf({ ...real, endpoint: through.endpoint }, bucket, "a/prefix"))
      const { notes, options } = noting()
      through.plan((_, request) => (["2", "abort"].includes(stepOf(request)) ? { kind: "reset" } : undefined))
      proxy.plan(() => undefined)
      yield* Effect.flip(store.put("x", large, { ...options, onMultipart: (id) => Effect.sync(() => notes.push(id)) }))
      const client = rawClient(real)
      const parts = Effect.promise(() =>
        client
          .send(new ListPartsCommand({ Bucket: bucket, Key: "a/prefix/x", UploadId: notes[1] ?? "" }))
          .then(({ Parts = [] }) => Parts.length)
          .catch(() => "gone")
      )
      expect(notes.length).toBe(2)
      expect(yield* parts).toBe(1)
      through.plan(() => undefined)
      yield* store.abortMultipart("x", notes[1] ?? "")
      expect(yield* parts).toBe("gone")
      client.destroy()
    })
  )
})
