/** What only a server that checks signatures and conditions can tell. */

import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand
} from "@aws-sdk/client-s3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Always, Create, IfMatch, type StoreCapabilities } from "../../src/store/ObjectStore.ts"
import { makeRequestLog } from "../../src/store/RequestLog.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { freshBucket, openS3, rawClient, realServer, urlOf } from "./S3Fixture.ts"

const real = realServer()
const bytes = Buffer.from("content")
const unquoted: StoreCapabilities = { createOnly: true, ifMatch: "unquoted" }
const reason = <A>(effect: Effect.Effect<A, StoreError>) => Effect.map(Effect.flip(effect), (error) => error.reason)

describe.skipIf(real === undefined)("a real S3 server", () => {
  if (real === undefined) return

  it.scopedLive("refuses wrong keys and unknown buckets, with the words for each", () =>
    Effect.gen(function* () {
      const bucket = yield* freshBucket(real)
      const wrongSecret = yield* openS3(urlOf({ ...real, secretKey: "wrong-secret-key" }, bucket))
      expect(yield* reason(wrongSecret.get("x", 10))).toBe("CredentialsRefused")
      const wrongKey = yield* openS3(urlOf({ ...real, accessKey: "NOBODY" }, bucket))
      const denied = yield* Effect.flip(Stream.runDrain(wrongKey.list("")))
      expect(denied.reason).toBe("CredentialsRefused")
      expect(denied.message).not.toContain("NOBODY")
      const nowhere = yield* openS3(urlOf(real, `${bucket}-not`))
      expect(yield* reason(nowhere.get("x", 10))).toBe("NoSuchBucket")
      expect(yield* reason(nowhere.put("x", bytes, { condition: Always }))).toBe("NoSuchBucket")
      expect(yield* reason(Stream.runDrain(nowhere.list("")))).toBe("NoSuchBucket")
    })
  )

  it.scopedLive("is asked once for each operation", () =>
    Effect.gen(function* () {
      const log = makeRequestLog()
      const store = yield* openS3(urlOf(real, yield* freshBucket(real), "p"), { log, capabilities: unquoted })
      const { etag } = yield* store.put("x", bytes, { condition: Create })
      yield* store.put("x", Buffer.from("more content"), { condition: IfMatch(etag) })
      yield* store.get("x", 100)
      yield* Stream.runDrain(store.list(""))
      yield* store.delete("x")
      expect((yield* log.records).map(({ millis: _, ...record }) => record)).toEqual([
        { operation: "put", name: "x", sent: 7, received: 0, outcome: "ok" },
        { operation: "put", name: "x", sent: 12, received: 0, outcome: "ok" },
        { operation: "get", name: "x", sent: 0, received: 12, outcome: "ok" },
        { operation: "list", name: "", sent: 0, received: 0, outcome: "ok" },
        { operation: "delete", name: "x", sent: 0, received: 0, outcome: "ok" }
      ])
    })
  )

  it.scopedLive("keeps If-Match in one of its two forms, and both refuse a stale ETag", () =>
    Effect.gen(function* () {
      const bucket = yield* freshBucket(real)
      const outcomes: Array<string> = []
      for (const ifMatch of ["quoted", "unquoted"] as const) {
        const store = yield* openS3(urlOf(real, bucket), { capabilities: { createOnly: true, ifMatch } })
        const { etag } = yield* store.put(ifMatch, bytes, { condition: Create })
        const stale = yield* reason(store.put(ifMatch, bytes, { condition: IfMatch("0".repeat(32)) }))
        expect(stale).toBe("SwapLost")
        const right = yield* Effect.either(store.put(ifMatch, Buffer.from("new"), { condition: IfMatch(etag) }))
        outcomes.push(right._tag)
      }
      expect(outcomes).toContain("Right")
    })
  )

  it.scopedLive("that keeps versions is left with none of a deleted object, and with all of the others", () =>
    Effect.gen(function* () {
      const bucket = yield* freshBucket(real)
      const client = rawClient(real)
      yield* Effect.promise(() =>
        client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }))
      )
      const store = yield* openS3(urlOf(real, bucket, "p"), { capabilities: unquoted })
      for (let round = 0; round < 3; round++) {
        yield* store.put("secret", Buffer.from(`version ${round}`), { condition: Always })
        yield* store.put("secret-too", Buffer.from(`version ${round}`), { condition: Always })
      }
      expect(yield* store.delete("secret")).toEqual({ versionsLeft: false })
      expect(yield* reason(store.get("secret", 100))).toBe("Absent")
      const left = yield* Effect.promise(() => client.send(new ListObjectVersionsCommand({ Bucket: bucket })))
      expect([left.Versions?.map(({ Key }) => Key), left.DeleteMarkers ?? []]).toEqual([
        ["p/secret-too", "p/secret-too", "p/secret-too"],
        []
      ])
      client.destroy()
    })
  )

  it.scopedLive(
    "that keeps versions is purged of all but what stands, below one prefix; unfinished uploads go as well",
    () =>
      Effect.gen(function* () {
        const bucket = yield* freshBucket(real)
        const client = rawClient(real)
        yield* Effect.promise(() =>
          client.send(
            new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } })
          )
        )
        const store = yield* openS3(urlOf(real, bucket, "p"), { capabilities: unquoted })
        const write = (name: string, text: string) => store.put(name, Buffer.from(text), { condition: Always })
        for (let round = 0; round < 3; round++) {
          yield* write("mine/standing", `version ${round}`)
          yield* write("others/standing", `version ${round}`)
        }
        yield* write("mine/deleted", "gone")
        yield* Effect.promise(async () => {
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "p/mine/deleted" }))
          await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "p/mine/unfinished" }))
        })
        expect(yield* store.purge!("mine/")).toEqual({ deleted: 3, left: 0 })
        expect(Buffer.from((yield* store.get("mine/standing", 100)).bytes).toString()).toBe("version 2")
        expect(yield* reason(store.get("mine/deleted", 100))).toBe("Absent")
        const left = yield* Effect.promise(() => client.send(new ListObjectVersionsCommand({ Bucket: bucket })))
        expect([left.Versions?.map(({ Key }) => Key), left.DeleteMarkers ?? []]).toEqual([
          ["p/mine/standing", "p/others/standing", "p/others/standing", "p/others/standing"],
          []
        ])
        expect(yield* store.uploads!("mine/")).toEqual([])
        expect(yield* store.purge!("mine/")).toEqual({ deleted: 0, left: 0 })
        client.destroy()
      })
  )

  it.scopedLive("that keeps versions for good has them counted, and none that stands is touched", () =>
    Effect.gen(function* () {
      const bucket = yield* freshBucket(real)
      const client = rawClient(real)
      yield* Effect.promise(async () => {
        await client.send(
          new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } })
        )
        const Policy = JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Deny",
              Principal: "*",
              Action: ["s3:DeleteObjectVersion"],
              Resource: [`arn:aws:s3:::${bucket}/*`]
            }
          ]
        })
        await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
      })
      const store = yield* openS3(urlOf(real, bucket, "p"), { capabilities: unquoted })
      for (let round = 0; round < 9; round++) {
        yield* store.put("mine/standing", Buffer.from(`version ${round}`), { condition: Always })
      }
      expect(yield* store.purge!("mine/")).toEqual({ deleted: 0, left: 8 })
      expect(Buffer.from((yield* store.get("mine/standing", 100)).bytes).toString()).toBe("version 8")
      client.destroy()
    })
  )
})
