/**
 * The guide's troubleshooting on a server that checks signatures, policies and clocks (Ceph's gateway): every failure it can produce by itself, and the
 * guide's three cures, as written.
 */

import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client
} from "@aws-sdk/client-s3"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeBucket, rawClient, realServer, urlOf } from "../../store/S3Fixture.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"
import { expectTold, type Told } from "./Told.ts"

const real = realServer()
const guest = {
  accessKey: process.env["HX_TEST_S3_GUEST_ACCESS_KEY"] ?? "",
  secretKey: process.env["HX_TEST_S3_GUEST_SECRET_KEY"] ?? ""
}
const WRONG = "wrong-secret-that-nobody-may-see"

describe.skipIf(real === undefined || guest.accessKey === "")("on a real server", { timeout: 60_000 }, () => {
  if (real === undefined) return
  const secrets = [real.secretKey, guest.secretKey, WRONG]
  const scratch = makeScratch()
  let raw: S3Client
  beforeAll(() => {
    raw = rawClient(real)
  })
  afterAll(() => {
    raw.destroy()
    scratch.remove()
  })

  const bucketOf = () => makeBucket(real)
  const init = (url: string) => ["sync", "init", "--no-encrypt", "--store", url]

  describe("init tells", () => {
    const rows: ReadonlyArray<readonly [string, (bucket: string) => string, (bucket: string) => Told]> = [
      [
        "a wrong secret",
        (bucket) => urlOf({ ...real, secretKey: WRONG }, bucket, "hx-sync"),
        (bucket) => ({
          code: 3,
          words: "Access Denied: the credentials are wrong",
          subject: [`${bucket}/hx-sync/vault.json`, "the secret key is not the one that belongs to the access key"],
          hint: "Check access key and secret key"
        })
      ],
      [
        "a wrong access key",
        (bucket) => urlOf({ ...real, accessKey: "NOBODYATALL" }, bucket, "hx-sync"),
        () => ({
          code: 3,
          words: "Access Denied: the credentials are wrong",
          subject: ["it knows no such access key"],
          hint: "Check access key and secret key"
        })
      ],
      [
        "a bucket that is not there",
        (bucket) => urlOf(real, `${bucket}-not`, "hx-sync"),
        (bucket) => ({
          code: 6,
          words: "No such bucket",
          subject: [`${bucket}-not`],
          hint: "Create it, or correct its name"
        })
      ],
      [
        "a bucket that is somebody else's",
        (bucket) => urlOf({ ...real, ...guest }, bucket, "hx-sync"),
        (bucket) => ({
          code: 3,
          words: "Access Denied",
          subject: [`s3:ListBucket on arn:aws:s3:::${bucket}`],
          hint: "or correct the bucket's name"
        })
      ]
    ]
    it.each(rows)("%s", async (name, url, told) => {
      const bucket = await bucketOf()
      const ran = await makeDevice(scratch.path, name).hx(init(url(bucket)))
      expectTold(ran, told(bucket), secrets)
    })
  })

  describe("a policy that takes away", () => {
    const ACTIONS = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    let bucket: string
    let owner: Device
    let visitor: Device

    const allowAllBut = (action: string) =>
      raw.send(
        new PutBucketPolicyCommand({
          Bucket: bucket,
          Policy: JSON.stringify({
            Version: "2012-10-17",
            Statement: [
              {
                Effect: "Allow",
                Principal: { AWS: ["arn:aws:iam:::user/guest"] },
                Action: ACTIONS.filter((each) => each !== action),
                Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
              }
            ]
          })
        })
      )

    beforeAll(async () => {
      bucket = await bucketOf()
      owner = makeDevice(scratch.path, "owner")
      visitor = makeDevice(scratch.path, "visitor")
      await owner.json(init(urlOf(real, bucket, "hx-sync")))
      await record(owner.data, ["make one"])
      await owner.json(["sync", "push"])
      await allowAllBut("")
      await visitor.json(init(urlOf({ ...real, ...guest }, bucket, "hx-sync")))
      await record(visitor.data, [
        "export TOKEN=typed-by-mistake",
        ...Array.from({ length: 400 }, (_, index) => `echo ${noise(index)}`)
      ])
      await visitor.json(["sync", "push"], { env: { HX_SYNC_COMPRESSION: "false" } })
    })

    const denied = (permission: string, resource: string): Told => ({
      code: 3,
      words: "Access Denied",
      subject: [`${permission} on arn:aws:s3:::${resource}`, "is not allowed"],
      hint: `Allow ${permission} in the user's or the bucket's policy`
    })

    it("listing", async () => {
      await allowAllBut("s3:ListBucket")
      expectTold(await visitor.hx(["sync", "pull"]), denied("s3:ListBucket", bucket), secrets)
      // What is absent looks forbidden then, and must not be taken for a permission to read.
      const stranger = makeDevice(scratch.path, "stranger")
      const elsewhere = urlOf({ ...real, ...guest }, bucket, "nothing-here")
      expectTold(await stranger.hx(init(elsewhere)), denied("s3:ListBucket", bucket), secrets)
    })

    it("reading", async () => {
      await allowAllBut("s3:GetObject")
      expectTold(await visitor.hx(["sync", "pull"]), denied("s3:GetObject", `${bucket}/hx-sync/manifests/`), secrets)
    })

    it("writing", async () => {
      await allowAllBut("s3:PutObject")
      await record(visitor.data, ["make two"], 1_700_010_000)
      expectTold(await visitor.hx(["sync", "push"]), denied("s3:PutObject", `${bucket}/hx-sync/manifests/`), secrets)
    })

    it("deleting", async () => {
      await allowAllBut("s3:DeleteObject")
      await visitor.json(["forget", "--match", "typed-by-mistake", "--yes"])
      const told = {
        ...denied("s3:DeleteObject", `${bucket}/hx-sync/segments/`),
        stdout: /Published[^]*could not be deleted/
      }
      expectTold(await visitor.hx(["sync", "push"]), told, secrets)
    })

    it("nothing: all that was kept back goes through", async () => {
      await allowAllBut("")
      expect(await visitor.json(["sync", "pull"])).toMatchObject({ added: 1, problems: [] })
      expect(await visitor.json(["sync", "push"])).toMatchObject({ deleted: 1, owed: 0 })
      // Another device of the same user: what a user wrote into somebody else's bucket is not the owner's to read here.
      const second = makeDevice(scratch.path, "second visitor")
      await second.json(init(urlOf({ ...real, ...guest }, bucket, "hx-sync")))
      expect(await second.json(["sync", "pull"])).toMatchObject({ added: 402, problems: [] })
    })
  })

  describe("a clock", () => {
    it.each([60, -60])("that is %d minutes wrong is corrected by what the server says, once a run", async (minutes) => {
      const device = makeDevice(scratch.path, `clock ${minutes}`)
      const env = {
        NODE_OPTIONS: `--require ${fileURLToPath(new URL("../SkewedClock.cjs", import.meta.url))}`,
        HX_TEST_CLOCK_OFFSET: String(minutes * 60_000)
      }
      await device.json(init(urlOf(real, await bucketOf(), "hx-sync")), { env })
      await record(device.data, ["make one"])
      const pushed = await device.json(["sync", "push", "--verbose"], { env })
      expect(pushed).toMatchObject({ operations: 1 })
      const requests = pushed["requests"] as ReadonlyArray<{ readonly outcome: string }>
      expect(requests.map(({ outcome }) => outcome)).toEqual(["ClockSkewed", "ok"])
    })
  })

  describe("the guide's cures:", () => {
    /** A device that has published twice, and whose bucket then lost the second time. */
    const wentBack = async (name: string) => {
      const bucket = await bucketOf()
      const device = makeDevice(scratch.path, name)
      const url = urlOf(real, bucket, "hx-sync")
      await device.json(init(url))
      await record(device.data, ["first"])
      await device.json(["sync", "push"])
      const [manifest = ""] = await manifestsIn(bucket)
      await raw.send(new CopyObjectCommand({ Bucket: bucket, Key: "backup", CopySource: `${bucket}/${manifest}` }))
      await record(device.data, ["second"], 1_700_000_100)
      await device.json(["sync", "push"])
      await raw.send(new CopyObjectCommand({ Bucket: bucket, Key: manifest, CopySource: `${bucket}/backup` }))
      await record(device.data, ["third"], 1_700_000_200)
      const told: Told = {
        code: 4,
        words: "Sequence number conflict",
        subject: [bucket, "published 2, found 1"],
        hint: '"hx sync pull --force", or publish this device again with "hx sync push --force"'
      }
      for (const verb of ["push", "pull"]) expectTold(await device.hx(["sync", verb]), told, secrets)
      return { bucket, device, url, manifest }
    }

    const manifestsIn = async (bucket: string) => {
      const { Contents = [] } = await raw.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: "hx-sync/manifests/" })
      )
      return Contents.map(({ Key = "" }) => Key)
    }

    const all = ["first", "second", "third"]
    const readBack = async (url: string, name: string) => {
      const device = makeDevice(scratch.path, name)
      await device.json(init(url))
      await device.json(["sync", "pull"])
      const found = await device.hx(["find", "--format", "command", "--limit", "0"])
      return found.stdout.trim().split("\n").sort()
    }

    it('"Sequence number conflict": hx sync pull --force, hx sync status --detailed', async () => {
      const { device, url } = await wentBack("force-pull")
      expect((await device.hx(["sync", "pull", "--force"])).code).toBe(0)
      const status = await device.hx(["sync", "status", "--detailed"])
      expect(status.code).toBe(0)
      expect(status.stdout).toContain("Sequence number conflict")
      expect((await device.hx(["sync", "push"])).code).toBe(0)
      expect(await readBack(url, "after force-pull")).toEqual(all)
    })

    it('"Sequence number conflict": hx sync push --force', async () => {
      const { device, url } = await wentBack("force-push")
      expect((await device.hx(["sync", "push", "--force"])).code).toBe(0)
      expect((await device.hx(["sync", "pull"])).code).toBe(0)
      expect(await readBack(url, "after force-push")).toEqual(all)
    })

    it('"Manifest corruption detected": hx sync reset, init, pull; and push', async () => {
      const bucket = await bucketOf()
      const device = makeDevice(scratch.path, "corrupt")
      const url = urlOf(real, bucket, "hx-sync")
      await device.json(init(url))
      await record(device.data, ["first", "second"])
      await device.json(["sync", "push"])
      const [manifest = ""] = await manifestsIn(bucket)
      const found = await raw.send(new GetObjectCommand({ Bucket: bucket, Key: manifest }))
      const bytes = Buffer.from((await found.Body?.transformToByteArray()) ?? [])
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
      await raw.send(new PutObjectCommand({ Bucket: bucket, Key: manifest, Body: bytes }))
      await record(device.data, ["third"], 1_700_000_200)
      const told: Told = {
        code: 5,
        words: "Manifest corruption detected",
        subject: [bucket, "manifests/"],
        hint: '"hx sync reset", then "hx sync init" and "hx sync pull"'
      }
      expectTold(await device.hx(["sync", "push"]), told, secrets)

      for (const cure of [["sync", "reset"], init(url), ["sync", "pull"], ["sync", "push"]]) {
        const ran = await device.hx(cure)
        expect(ran.code, ran.stderr).toBe(0)
      }
      expect(await readBack(url, "after corruption")).toEqual(all)
    })
  })
})

/** Text that does not compress. */
const noise = (index: number): string =>
  Array.from({ length: 20 }, (_, each) =>
    Math.abs(Math.sin(index * 31 + each))
      .toString(36)
      .slice(2)
  ).join("")
