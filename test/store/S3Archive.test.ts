import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { afterAll, beforeAll, beforeEach } from "vitest"
import { type S3rverServer, startS3rver } from "../../scripts/S3rverServer.ts"
import { archiveClassOf, archivedAmong } from "../../src/store/ArchiveClass.ts"
import { Always } from "../../src/store/ObjectStore.ts"
import { makeRequestLog } from "../../src/store/RequestLog.ts"
import { type ArchiveProxy, startArchiveProxy } from "./ArchiveProxy.ts"
import { openS3 } from "./S3Fixture.ts"

let server: S3rverServer
let proxy: ArchiveProxy
beforeAll(async () => {
  server = await startS3rver(["archive"])
  proxy = await startArchiveProxy(server.endpoint, "archive")
})
beforeEach(() => {
  proxy.clear()
  proxy.deny(false)
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

const open = (log = makeRequestLog()) =>
  openS3(`s3://archive/p?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`, {
    capabilities: { createOnly: false, ifMatch: "none" },
    log
  })

const bytes = Buffer.from("content")

describe("an archived object", () => {
  it.scopedLive(
    "is refused with its class, in one request, until a restore is done; the list names the class throughout",
    () =>
      Effect.gen(function* () {
        const log = makeRequestLog()
        const store = yield* open(log)
        yield* store.put("x", bytes, { condition: Always })
        proxy.archive(["p/x"], "DEEP_ARCHIVE")
        yield* log.clear
        expect(yield* Effect.flip(store.get("x", 100))).toMatchObject({ reason: "Archived", archive: "DEEP_ARCHIVE" })
        expect(yield* store.restore("x", "DEEP_ARCHIVE")).toBe("Started")
        expect(proxy.asked).toEqual([expect.stringContaining("<Days>7</Days>")])
        expect(proxy.asked[0]).toContain("<Tier>Standard</Tier>")
        expect(yield* store.restore("x", "DEEP_ARCHIVE")).toBe("UnderWay")
        expect((yield* Effect.flip(store.get("x", 100))).reason).toBe("Archived")
        proxy.restoreDone()
        expect(yield* store.restore("x", "DEEP_ARCHIVE")).toBe("Readable")
        expect(Buffer.from((yield* store.get("x", 100)).bytes)).toEqual(bytes)
        const listed = Chunk.toReadonlyArray(yield* Stream.runCollect(store.list("")))
        expect(archivedAmong(listed).map(({ name }) => name)).toEqual(["x"])
        expect((yield* log.records).map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
          "get Archived",
          "restore ok",
          "restore ok",
          "get Archived",
          "restore ok",
          "get ok",
          "list ok"
        ])
      })
  )

  it.scopedLive("of INTELLIGENT_TIERING is asked for without a number of days", () =>
    Effect.gen(function* () {
      const store = yield* open()
      yield* store.put("tiered", bytes, { condition: Always })
      proxy.archive(["p/tiered"], "INTELLIGENT_TIERING", "ARCHIVE_ACCESS")
      const refused = yield* Effect.flip(store.get("tiered", 100))
      expect(refused).toMatchObject({ reason: "Archived", archive: "ARCHIVE_ACCESS" })
      expect(yield* store.restore("tiered", "ARCHIVE_ACCESS")).toBe("Started")
      expect(proxy.asked[0]).not.toContain("Days")
      proxy.restoreDone()
      expect((yield* store.get("tiered", 100)).bytes.length).toBe(bytes.length)
    })
  )

  it.scopedLive("may be deleted and written anew like any other", () =>
    Effect.gen(function* () {
      const store = yield* open()
      yield* store.put("a", bytes, { condition: Always })
      yield* store.put("b", bytes, { condition: Always })
      proxy.archive(["p/a", "p/b"])
      expect(yield* store.delete("a")).toEqual({ versionsLeft: false })
      yield* store.put("b", bytes, { condition: Always })
      expect((yield* store.get("b", 100)).bytes.length).toBe(bytes.length)
    })
  )

  it.scopedLive(
    "that may not be asked for is denied by the permission's name; one that is not archived can be read",
    () =>
      Effect.gen(function* () {
        const store = yield* open()
        yield* store.put("plain", bytes, { condition: Always })
        expect(yield* store.restore("plain", "GLACIER")).toBe("Readable")
        proxy.archive(["p/plain"])
        proxy.deny(true)
        expect(yield* Effect.flip(store.restore("plain", "GLACIER"))).toMatchObject({
          reason: "AccessDenied",
          operation: "restore",
          permission: { action: "s3:RestoreObject", resource: "arn:aws:s3:::archive/p/plain" }
        })
      })
  )
})

describe("storage classes", () => {
  it("are archives where reading needs a restore, and no others", () => {
    for (const each of ["GLACIER", "DEEP_ARCHIVE"]) expect(archiveClassOf(each)).toBe(each)
    expect(archiveClassOf("INTELLIGENT_TIERING", "DEEP_ARCHIVE_ACCESS")).toBe("DEEP_ARCHIVE_ACCESS")
    for (const each of [
      "STANDARD",
      "STANDARD_IA",
      "ONEZONE_IA",
      "GLACIER_IR",
      "INTELLIGENT_TIERING",
      "cold",
      undefined
    ]) {
      expect(archiveClassOf(each)).toBeUndefined()
    }
  })
})
