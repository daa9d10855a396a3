/** The vault read to its last byte by the built program, on every kind of store: found, told, repaired. */

import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client
} from "@aws-sdk/client-s3"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { makeBucket, rawClient, realServer, urlOf } from "../../store/S3Fixture.ts"
import { makeDevice, makeScratch } from "../Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

/** The store behind the program's back. */
interface Behind {
  readonly list: () => Promise<ReadonlyArray<string>>
  readonly get: (name: string) => Promise<Buffer>
  readonly put: (name: string, bytes: Uint8Array) => Promise<void>
  readonly remove: (name: string) => Promise<void>
}

const folder = (root: string): Behind => ({
  list: () =>
    Promise.resolve(
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith(".~hx"))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    ),
  get: (name) => Promise.resolve(readFileSync(join(root, name))),
  put: (name, bytes) => Promise.resolve(writeFileSync(join(root, name), bytes)),
  remove: (name) => Promise.resolve(rmSync(join(root, name)))
})

const bucket = (client: S3Client, Bucket: string, prefix: string): Behind => ({
  list: async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}/` }))
    return Contents.map(({ Key = "" }) => Key.slice(prefix.length + 1))
  },
  get: async (name) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${prefix}/${name}` }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  },
  put: async (name, bytes) => {
    await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}/${name}`, Body: bytes }))
  },
  remove: async (name) => {
    await client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}/${name}` }))
  }
})

const real = realServer()

const stores = [
  { kind: "folder" },
  { kind: "s3rver" },
  // Ceph's gateway in CI, or whatever HX_TEST_S3_ENDPOINT names.
  ...(real === undefined ? [] : [{ kind: "real server" }])
]

/** Lines that do not compress, so that they fill a segment. */
const history = Array.from(
  { length: 2_000 },
  (_, index) => `: ${1_700_000_000 + index}:0;echo ${createHash("sha512").update(String(index)).digest("base64")}`
).join("\n")

describe.each(stores)("hx sync verify: $kind", { timeout: 240_000 }, ({ kind }) => {
  const name = kind.replace(" ", "-")
  const a = makeDevice(scratch.path, `${name}-a`)
  const b = makeDevice(scratch.path, `${name}-b`)
  let store = `folder:${join(scratch.path, "store")}`
  let behind = folder(join(scratch.path, "store"))
  let stop: () => Promise<unknown> = () => Promise.resolve()

  beforeAll(async () => {
    if (kind === "real server" && real !== undefined) {
      const made = await makeBucket(real)
      store = urlOf(real, made, "vaults/mine")
      behind = bucket(rawClient(real), made, "vaults/mine")
    }
    if (kind === "s3rver") {
      const server = await startS3rver(["hx-sync"])
      store = server.storeUrl("hx-sync", "vaults/mine")
      behind = bucket(
        rawClient({ endpoint: server.endpoint, accessKey: "S3RVER", secretKey: "S3RVER" }),
        "hx-sync",
        "vaults/mine"
      )
      stop = server.stop
    }
    writeFileSync(join(a.home, ".zsh_history"), `${history}\n`)
    await a.json(["import"])
    await a.json(["sync", "init", "--store", store, "--device", "laptop"])
    await a.json(["sync", "push"])
    const key = join(scratch.path, `${name}-key`)
    writeFileSync(key, (await a.hx(["sync", "key"])).stdout)
    await b.json(["sync", "init", "--store", store, "--device", "desktop", "--key-file", key])
    await b.json(["sync", "pull"])
  }, 120_000)
  afterAll(() => stop())

  const named = async (prefix: string) => (await behind.list()).find((each) => each.startsWith(prefix)) ?? ""

  it("all is proved: one GET an object, and the lists", async () => {
    const report = await b.json(["sync", "verify", "--verbose"])
    const objects = await behind.list()
    expect(report).toMatchObject({ version: 1, good: true, problems: [], leftovers: [], behind: [], entries: 2_000 })
    const requests = report["requests"] as ReadonlyArray<{ operation: string; name: string }>
    const gets = requests.filter(({ operation }) => operation === "get").map((each) => each.name)
    expect([...gets].sort()).toEqual([...objects].sort())
    expect(requests.filter(({ operation }) => operation !== "get").map((each) => each.operation)).toEqual(
      kind === "folder" ? ["list"] : ["list", "list"]
    )
    const told = await b.hx(["sync", "verify"])
    expect(told).toMatchObject({ code: 0, stderr: "" })
    expect(told.stdout).toMatch(
      /^Verified \d objects \(vault\.json, 1 manifest, \d segments?\), .*: all is proved\.\n$/
    )
  })

  it("a damaged segment is named with its gap, with 8; the owner's --repair makes it good for all", async () => {
    const segment = await named("segments/")
    const bytes = await behind.get(segment)
    bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200)
    await behind.put(segment, bytes)
    const told = await b.hx(["sync", "verify"])
    expect(told.code).toBe(8)
    expect(told.stdout).toContain(`problem ${segment}, of laptop\n`)
    expect(told.stdout).toMatch(
      /[\d,]+ entries of laptop \(1 to [\d,]+ of its log\) cannot be read from the store\. This device has all of them: nothing is lost here\.\n/
    )
    expect(told.stdout).toMatch(/On laptop, last published .*, "hx sync verify --repair" publishes it again\./)
    expect(told.stderr).toMatch(/^Completed with problems\n.*segments\/.*\n {2}On laptop: hx sync verify --repair\n$/)
    const mine = await a.hx(["sync", "verify"])
    expect(mine.code).toBe(8)
    expect(mine.stderr).toMatch(/\n {2}Make good what this device can: hx sync verify --repair\n$/)
    const repaired = await a.hx(["sync", "verify", "--repair"])
    expect(repaired).toMatchObject({ code: 0, stderr: "" })
    expect(repaired.stdout).toMatch(/^repaired segments\//)
    for (const device of [a, b])
      expect(await device.json(["sync", "verify"])).toMatchObject({ good: true, entries: 2_000 })
    await b.json(["sync", "pull"])
  })

  it("a manifest that is gone is published again, above what was seen; vault.json that is gone is made by init, with 5 before", async () => {
    await behind.remove(await named("manifests/"))
    expect((await b.hx(["sync", "verify"])).code).toBe(8)
    const report = await a.json(["sync", "verify", "--repair"])
    expect(report).toMatchObject({ good: true, problems: [{ kind: "missing", held: true, repaired: true }] })
    expect(report["repaired"]).toMatchObject({ sequence: 3 })
    await behind.remove("vault.json")
    const told = await a.hx(["sync", "verify"])
    expect(told.code).toBe(5)
    expect(told.stderr).toMatch(
      /^Manifest corruption detected\n.*vault\.json: it is gone.*\n {2}Run "hx sync init" on this device/
    )
    await a.json(["sync", "init"])
    for (const device of [a, b])
      expect(await device.json(["sync", "verify"])).toMatchObject({ good: true, entries: 2_000 })
  })

  it("names from the store reach the terminal visibly, and are left alone", async () => {
    await behind.put("notes \u202e.txt", Buffer.from("not of hx"))
    const told = await b.hx(["sync", "verify", "--repair"])
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/1 object \(9 B\) that hx did not put there, and leaves alone: notes /)
    expect(told.stdout).not.toContain("\u202e")
    expect(await behind.list()).toContain("notes \u202e.txt")
  })
})
