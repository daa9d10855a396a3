import { PutBucketPolicyCommand, PutBucketVersioningCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3"
import { spawn } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type S3rverServer, startS3rver } from "../../../scripts/S3rverServer.ts"
import { type FaultProxy, startFaultProxy } from "../../store/FaultProxy.ts"
import { makeBucket, rawClient, realServer, urlOf } from "../../store/S3Fixture.ts"
import { ENTRY, makeDevice, makeScratch } from "../Hx.ts"

const scratch = makeScratch()
let s3: S3rverServer
let proxy: FaultProxy

beforeAll(async () => {
  s3 = await startS3rver(["bucket"])
  proxy = await startFaultProxy(s3.endpoint)
})
afterAll(async () => {
  await proxy.stop()
  await s3.stop()
  scratch.remove()
})

/** What each line begins with: "ok name resolves". */
const marks = (stdout: string): ReadonlyArray<string> =>
  stdout
    .split("\n")
    .flatMap((line) => /^(ok|warning|failed|skipped) +(\S+(?: \S+)*)/.exec(line)?.slice(1, 3).join(" ") ?? [])

describe("hx sync check", { timeout: 60_000 }, () => {
  it("before init: a line for each step, in the order of the way, and nothing left in the bucket", async () => {
    const device = makeDevice(scratch.path, "fresh")
    const ran = await device.hx(["sync", "check", "--store", s3.storeUrl("bucket", "p")])
    expect(ran.code).toBe(0)
    expect(marks(ran.stdout)).toEqual([
      "ok name resolves",
      "ok connects",
      "ok TLS",
      "ok credentials",
      "ok region",
      "ok list",
      "ok put",
      "ok get",
      "ok delete",
      "ok conditional write",
      "ok multipart",
      "ok clock",
      "ok versioning",
      "ok latency",
      "ok vault"
    ])
    expect(ran.stdout).toMatch(/^ok +connects +\d+ ms {2}127\.0\.0\.1:\d+$/m)
    expect(ran.stdout.trimEnd().split("\n").at(-1)).toBe("hx sync push and pull work with this store.")
    const objects = s3.requests.filter(({ method }) => method === "PUT" || method === "DELETE")
    expect(objects.length).toBeGreaterThan(0)
    expect(objects.every(({ target }) => /^\/bucket\/p\/probe-[0-9a-f]{16}(\?|$)/.test(target))).toBe(true)
    expect((await device.hx(["sync", "status"])).code).toBe(2)
  })

  it("bound: takes the store and the kept credentials of init, and knows the vault", async () => {
    const device = makeDevice(scratch.path, "bound")
    await device.json(["sync", "init", "--store", s3.storeUrl("bucket", "bound")])
    const told = await device.json(["sync", "check"])
    expect(told).toMatchObject({
      version: 1,
      pull: true,
      push: true,
      store: expect.stringContaining("s3://bucket/bound at ")
    })
    const checks = told["checks"] as ReadonlyArray<{
      check: string
      outcome: string
      detail: string
      cure: null
      code: null
    }>
    expect(checks.map(({ check }) => check)).toContain("conditional")
    expect(checks.find(({ check }) => check === "credentials")?.detail).toMatch(
      /^the store URL that init was given .*, access key S3RV…$/
    )
    expect(checks.find(({ check }) => check === "vault")).toMatchObject({ outcome: "ok", cure: null, code: null })
    const again = await device.json([
      "sync",
      "check",
      "--store",
      `s3://bucket/bound?endpoint=${s3.endpoint}&path_style=true`
    ])
    expect(again).toMatchObject({ pull: true, push: true })
  })

  it("the first failure decides the exit code, and no secret is told", async () => {
    const device = makeDevice(scratch.path, "failing")
    const at = (endpoint: string) =>
      device.hx([
        "sync",
        "check",
        "--store",
        `s3://bucket?endpoint=${endpoint}&path_style=true&access_key=S3RVERNOT&secret_key=very-secret-indeed`
      ])
    const refused = await at(s3.endpoint)
    expect(refused.code).toBe(3)
    expect(marks(refused.stdout)).toContain("failed credentials")
    expect(refused.stderr).toMatch(/^Access Denied: the credentials are wrong\n {2}.*\n {2}.*\n$/)
    const dead = await at("http://127.0.0.1:9")
    expect(dead.code).toBe(6)
    expect(marks(dead.stdout).slice(0, 3)).toEqual(["ok name resolves", "failed connects", "skipped TLS"])
    expect(dead.stderr).toMatch(/^Connection refused\n/)
    expect((await at(s3.endpoint.replace("http:", "https:"))).stderr).toMatch(/^TLS failed\n/)
    proxy.plan(() => ({
      kind: "answer",
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<html>Log in</html>"
    }))
    const portal = await at(proxy.endpoint)
    expect(portal).toMatchObject({ code: 6, stderr: expect.stringMatching(/^This is not a store\n/) })
    expect(marks(portal.stdout)).toContain("failed list")
    for (const { stderr, stdout } of [refused, dead, portal]) {
      expect(stdout + stderr).not.toMatch(/very-secret-indeed|S3RVERNOT/)
    }
  })

  it("with --json tells everything in one object, also when it fails", async () => {
    const device = makeDevice(scratch.path, "json")
    const ran = await device.hx([
      "sync",
      "check",
      "--json",
      "--store",
      "s3://bucket?endpoint=http://127.0.0.1:9&access_key=a12&secret_key=b12"
    ])
    expect(ran.code).toBe(6)
    const told = JSON.parse(ran.stdout) as { pull: boolean; checks: ReadonlyArray<Record<string, unknown>> }
    expect(told.pull).toBe(false)
    expect(told.checks.find(({ check }) => check === "connect")).toMatchObject({ outcome: "failed", code: 6 })
    expect(told.checks.find(({ check }) => check === "list")).toMatchObject({
      outcome: "skipped",
      milliseconds: null,
      code: null
    })
  })

  it("interrupted, it deletes what it wrote", async () => {
    const device = makeDevice(scratch.path, "interrupted")
    proxy.plan((_, { method, url }) => (method === "GET" && url.includes("probe-") ? { kind: "stall" } : undefined))
    const url = s3.storeUrl("bucket", "interrupted").replace(s3.endpoint, proxy.endpoint)
    const child = spawn(process.execPath, [ENTRY, "sync", "check", "--store", url], {
      env: device.env,
      stdio: "ignore"
    })
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve))
    while (
      !proxy.requests.some((request) => request.method === "GET" && request.url.includes("probe-")) &&
      child.exitCode === null
    )
      await setTimeout(5)
    child.kill("SIGINT")
    expect(await closed).toBe(130)
    const written = proxy.requests.filter(({ method }) => method === "PUT" || method === "DELETE")
    expect(written.map(({ method }) => method)).toEqual(["PUT", "DELETE"])
    expect(new Set(written.map((request) => request.url.split("?")[0])).size).toBe(1)
  })

  it("--policy prints the policy and nothing else; a folder has none", async () => {
    const device = makeDevice(scratch.path, "policy")
    const url = "s3://bucket/team/hx?region=cn-north-1"
    const ran = await device.hx(["sync", "check", "--policy", "--store", url, "--with", "versions"])
    expect(ran.code).toBe(0)
    const { Statement, Version } = JSON.parse(ran.stdout) as {
      Version: string
      Statement: ReadonlyArray<{ Sid: string; Resource: string }>
    }
    expect(Version).toBe("2012-10-17")
    expect(Statement.map(({ Sid }) => Sid)).toEqual(["HxList", "HxObjects", "HxListVersions", "HxDeleteVersions"])
    expect(Statement[1]?.Resource).toBe("arn:aws-cn:s3:::bucket/team/hx/*")
    expect(await device.json(["sync", "check", "--policy", "--store", url])).toMatchObject({
      policy: { Version: "2012-10-17" }
    })
    expect(await device.hx(["sync", "check", "--policy", "--store", "folder:/srv/hx"])).toMatchObject({
      code: 2,
      stdout: ""
    })
    expect(await device.hx(["sync", "check", "--with", "restore", "--store", url])).toMatchObject({
      code: 2,
      stdout: ""
    })
    expect(await device.hx(["sync", "check"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^No store to sync with\n/)
    })
  })

  it("a folder: its disk, its locks, and the way of every file", async () => {
    const device = makeDevice(scratch.path, "folder")
    const folder = join(scratch.path, "store")
    const early = await device.hx(["sync", "check", "--store", `folder:${folder}`])
    expect(early).toMatchObject({ code: 0, stderr: "" })
    expect(early.stdout).toContain("is not there yet")
    mkdirSync(folder)
    const ran = await device.hx(["sync", "check", "--store", `folder:${folder}`])
    expect(ran.code).toBe(0)
    expect(marks(ran.stdout).map((line) => line.replace(/^\S+ /, ""))).toEqual([
      "folder",
      "mount point",
      "file system",
      "list",
      "put",
      "get",
      "delete",
      "conditional write",
      "write and rename",
      "lock",
      "vault"
    ])
    await device.json(["sync", "init", "--store", `folder:${folder}`, "--no-encrypt"])
    rmSync(folder, { recursive: true })
    const gone = await device.hx(["sync", "check"])
    expect(gone).toMatchObject({ code: 6, stderr: expect.stringMatching(/^No such folder\n/) })
    expect(marks(gone.stdout).slice(0, 2)).toEqual(["failed folder", "skipped mount point"])
  })
})

const real = realServer()
const { HX_TEST_S3_GUEST_ACCESS_KEY: guestKey, HX_TEST_S3_GUEST_SECRET_KEY: guestSecret } = process.env

describe.skipIf(real === undefined || guestKey === undefined)(
  "the policy of --policy, given to somebody who may do nothing else",
  { timeout: 120_000 },
  () => {
    if (real === undefined || guestKey === undefined || guestSecret === undefined) return
    const guest = { ...real, accessKey: guestKey, secretKey: guestSecret }

    /** Lets the guest do what the printed policy says. */
    const allow = async (bucket: string, words: ReadonlyArray<string>) => {
      const printer = makeDevice(scratch.path, `printer-${bucket}`)
      const { stdout } = await printer.hx(["sync", "check", "--policy", "--store", `s3://${bucket}/team`, ...words])
      const policy = JSON.parse(stdout) as { Statement: ReadonlyArray<object> }
      const Principal = { AWS: ["arn:aws:iam:::user/guest"] }
      const Policy = JSON.stringify({ ...policy, Statement: policy.Statement.map((each) => ({ ...each, Principal })) })
      const client = rawClient(real)
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
      client.destroy()
    }

    const record = async (device: ReturnType<typeof makeDevice>, commands: ReadonlyArray<string>) => {
      const file = join(device.home, "commands")
      writeFileSync(file, commands.map((command) => `${command}\n`).join(""))
      await device.json(["import", "--file", file, "--format", "bash"])
    }

    it("is enough to init, check, push (in parts, too), pull and forget, and for nothing outside the prefix", async () => {
      const bucket = await makeBucket(real)
      await allow(bucket, [])
      const [a, b] = [makeDevice(scratch.path, "granted-a"), makeDevice(scratch.path, "granted-b")]
      const store = urlOf(guest, bucket, "team")
      const founded = await a.json(["sync", "init", "--store", store])
      await b.json(["sync", "init", "--store", store], { env: { HX_SYNC_KEY: String(founded["recoveryKey"]) } })
      // More than one part when it is not compressed.
      const many = Array.from({ length: 1500 }, (_, index) => `make target-${index} ${"x".repeat(4000)}`)
      await record(a, ["a-secret-command", ...many])
      const pushed = await a.json(["sync", "push", "--verbose"], { env: { HX_SYNC_COMPRESSION: "false" } })
      expect(JSON.stringify(pushed["requests"])).toContain("finish upload")
      expect(await b.json(["sync", "pull"])).toMatchObject({ added: 1501, problems: [] })
      await a.json(["forget", "--match", "a-secret-command", "--yes"])
      await a.json(["sync", "push"])
      expect(await b.json(["sync", "pull"])).toMatchObject({ problems: [] })
      expect(JSON.parse((await b.hx(["find", "a-secret-command", "--json"])).stdout)).toMatchObject({ entries: [] })
      expect(await a.json(["sync", "check"])).toMatchObject({ pull: true, push: true })
      const outside = await a.hx(["sync", "check", "--store", urlOf(guest, bucket, "teams")])
      expect(outside.code).toBe(3)
      for (const line of ["failed list", "failed put", "failed get"]) expect(marks(outside.stdout)).toContain(line)
      expect(marks((await a.hx(["sync", "check", "--store", urlOf(guest, bucket)])).stdout)).toContain("failed list")
    })

    it("read-only: pull works, and check names the permission that push lacks", async () => {
      const bucket = await makeBucket(real)
      const owner = makeDevice(scratch.path, "owner")
      const founded = await owner.json(["sync", "init", "--store", urlOf(real, bucket, "team")])
      await record(owner, ["one", "two"])
      await owner.json(["sync", "push"])
      await allow(bucket, ["--read-only"])
      const reader = makeDevice(scratch.path, "reader")
      const told = await reader.hx(["sync", "check", "--store", urlOf(guest, bucket, "team")])
      expect(told.code).toBe(3)
      expect(told.stdout).toContain(`Access Denied: s3:PutObject on arn:aws:s3:::${bucket}/team/* is not allowed`)
      expect(told.stdout).toContain("hx sync pull works all the same")
      expect(marks(told.stdout)).toEqual(expect.arrayContaining(["ok list", "ok get", "warning vault"]))
      expect(
        await reader.json(["sync", "check", "--read-only", "--store", urlOf(guest, bucket, "team")])
      ).toMatchObject({ pull: true, push: null })
      expect(founded["recoveryKey"]).toMatch(/^hx1/)
    })

    it("with versions: what is forgotten goes from a versioned bucket in all versions of its segment; without, that is told", async () => {
      const bucket = await makeBucket(real)
      const client = rawClient(real)
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } })
      )
      await allow(bucket, [])
      const device = makeDevice(scratch.path, "versioned")
      const store = urlOf(guest, bucket, "team")
      const early = await device.hx(["sync", "check", "--store", store])
      expect(early.code).toBe(0)
      expect(marks(early.stdout)).toContain("warning delete")
      await allow(bucket, ["--with", "versions"])
      expect(marks((await device.hx(["sync", "check", "--store", store])).stdout)).toContain("ok delete")
      const left = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      client.destroy()
      // Those of the first check, which might delete but not for good.
      const names = new Set([...(left.Versions ?? []), ...(left.DeleteMarkers ?? [])].map(({ Key }) => Key))
      expect(names.size).toBe(1)
    })
  }
)
