/** What was forgotten is nowhere: every byte of the store, of its older versions and of three devices' files is searched for it. */

import { GetObjectCommand, ListObjectVersionsCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { makeBucket, rawClient, realServer, urlOf, type RealServer } from "../../store/S3Fixture.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

/** Objects hold their texts as they are, so that bytes can be looked for. */
const PLAIN = { env: { HX_SYNC_COMPRESSION: "false" } }

const SECRETS = ["hunter2-hunter2", "hushhush-project", "hushhush-session", "hushhush-host", "hunter3-imported"]

interface Held {
  readonly where: string
  readonly bytes: Buffer
}

const filesBelow = (directory: string): ReadonlyArray<Held> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
    .map((where) => ({ where, bytes: readFileSync(where) }))

/** Every version of every object. */
const versionsOf = async (server: RealServer, bucket: string): Promise<ReadonlyArray<Held>> => {
  const client = rawClient(server)
  const { Versions: versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
  const all: Array<Held> = []
  for (const { Key: key = "", VersionId: version } of versions) {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }))
    all.push({ where: `${key} (${version})`, bytes: Buffer.from(await body!.transformToByteArray()) })
  }
  client.destroy()
  return all
}

/** Which texts are where. */
const findings = (held: ReadonlyArray<Held>) =>
  held.flatMap(({ bytes, where }) =>
    SECRETS.filter((text) => bytes.includes(text)).map((text) => `${text} in ${where}`)
  )

const real = realServer()

interface Store {
  readonly url: string
  readonly held: () => Promise<ReadonlyArray<Held>>
  readonly stop: () => Promise<void>
}

const folderStore = async (): Promise<Store> => {
  const path = join(scratch.path, "store")
  return { url: `folder:${path}`, held: async () => filesBelow(path), stop: async () => {} }
}

const s3rverStore = async (): Promise<Store> => {
  const server = await startS3rver(["hx-sync"])
  return {
    url: server.storeUrl("hx-sync", "vaults/mine"),
    held: async () => filesBelow(server.directory),
    stop: server.stop
  }
}

const versionedStore = async (): Promise<Store> => {
  const bucket = await makeBucket(real!)
  const client = rawClient(real!)
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }))
  client.destroy()
  return { url: urlOf(real!, bucket, "vaults/mine"), held: () => versionsOf(real!, bucket), stop: async () => {} }
}

const stores = [
  { kind: "a folder", open: folderStore },
  { kind: "s3rver", open: s3rverStore },
  // Ceph's gateway in CI, or whatever HX_TEST_S3_ENDPOINT names.
  ...(real === undefined ? [] : [{ kind: "a bucket that keeps versions", open: versionedStore }])
]

describe.each(stores)("what was forgotten, in $kind", { timeout: 180_000 }, ({ kind, open }) => {
  const name = kind.replaceAll(" ", "-")
  const [a, b, c] = ["a", "b", "c"].map((each) => makeDevice(scratch.path, `${name}-${each}`)) as [
    Device,
    Device,
    Device
  ]
  let store: Store
  beforeAll(async () => {
    store = await open()
  }, 60_000)
  afterAll(() => store.stop())

  const sync = async (device: Device) => {
    const ran = await device.hx(["sync"], PLAIN)
    expect(ran.code, ran.stderr).toBe(0)
  }

  const everywhere = async () =>
    findings([...(await store.held()), ...[a, b, c].flatMap(({ data }) => filesBelow(data))])

  it("is in no byte of the store, its older versions or any device, once each device has synced after the one that forgot", async () => {
    const history = join(scratch.path, `${name}.zsh`)
    writeFileSync(history, ": 1600000000:0;login hunter3-imported\n: 1600000009:0;make\n")
    expect((await a.hx(["sync", "init", "--store", store.url, "--no-encrypt"], PLAIN)).code).toBe(0)
    for (const device of [b, c]) expect((await device.hx(["sync", "init", "--store", store.url], PLAIN)).code).toBe(0)
    const secret = { cwd: "/home/me/hushhush-project", session: "hushhush-session", host: "hushhush-host" }
    await record(a.data, ["export TOKEN=hunter2-hunter2"], 1_700_000_000, secret)
    // In the tail of several manifests, then in a segment; on b as the twin of an import.
    await sync(a)
    await record(a.data, ["make once"], 1_700_001_000)
    await sync(a)
    await a.hx(["import", "--file", history])
    await sync(a)
    await b.hx(["import", "--file", history])
    await sync(b)
    await record(
      a.data,
      Array.from({ length: 200 }, (_, index) => `make ${index} ${"padding ".repeat(80)}`),
      1_700_002_000
    )
    await sync(a)
    await sync(c)
    for (const text of SECRETS) expect((await everywhere()).some((found) => found.startsWith(text))).toBe(true)

    for (const text of ["hunter2-hunter2", "hunter3-imported"]) {
      expect(await c.json(["forget", "--match", text, "--yes"])).toMatchObject({ matched: 1 })
    }
    expect(findings(filesBelow(c.data))).toEqual([])
    await sync(c)
    for (const device of [a, b]) {
      await sync(device)
      expect(findings(filesBelow(device.data))).toEqual([])
    }
    expect(await everywhere()).toEqual([])
    // And it does not come back.
    expect(await b.json(["import", "--file", history])).toMatchObject({ files: [{ added: 0, forgotten: 1 }] })
    for (const device of [b, a, c]) await sync(device)
    expect(await everywhere()).toEqual([])
  })
})

describe("a pull that removes much", { timeout: 120_000 }, () => {
  it("says so plainly, and to scripts; one that removes little does not", async () => {
    const [a, b] = [makeDevice(scratch.path, "much-a"), makeDevice(scratch.path, "much-b")]
    const store = `folder:${join(scratch.path, "much")}`
    const init = (device: Device) => device.hx(["sync", "init", "--store", store, "--no-encrypt"])
    for (const device of [a, b]) expect((await init(device)).code).toBe(0)
    await record(
      a.data,
      Array.from({ length: 130 }, (_, index) => `make ${index}`)
    )
    await a.hx(["sync"])
    await b.hx(["sync"])
    await b.hx(["forget", "--match", "make 0", "--yes"])
    await b.hx(["sync", "push"])
    expect(await a.json(["sync", "pull"])).toMatchObject({ removed: 1, removedMany: false })
    await b.hx(["forget", "--match", "make 1", "--yes"])
    await b.hx(["forget", "--since", "2000-01-01", "--all-devices", "--yes", "--many"])
    await b.hx(["sync", "push"])
    const ran = await a.hx(["sync", "pull"])
    expect(ran.stdout).toContain(
      `Attention: "hx forget" on another device has removed 129 entries of this device's history`
    )
    expect(await a.json(["status"])).toMatchObject({ entries: 0 })
  })
})
