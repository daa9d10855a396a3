import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { makeBucket, realServer, urlOf } from "../../store/S3Fixture.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

/** A device in the vault of this store; the key goes where its home is. */
const joined = async (name: string, store: string, first: Device): Promise<Device> => {
  const device = makeDevice(scratch.path, name)
  const key = join(device.home, "recovery-key.txt")
  writeFileSync(key, (await first.hx(["sync", "key"])).stdout)
  await device.json(["sync", "init", "--store", store, "--key-file", key])
  return device
}

const real = realServer()

const stores = [
  { kind: "folder", conditions: true },
  { kind: "s3rver", conditions: false },
  // Ceph's gateway in CI, or whatever HX_TEST_S3_ENDPOINT names.
  ...(real === undefined ? [] : [{ kind: "real server", conditions: true }])
]

describe.each(stores)("two devices and a store: $kind", { timeout: 60_000 }, ({ conditions, kind }) => {
  // Where the store keeps no conditions, the manifest is read before and after it is written.
  const requests = conditions ? ["put"] : ["get", "put", "get"]
  let store = `folder:${join(scratch.path, "store")}`
  let stop = async () => {}
  beforeAll(async () => {
    if (kind === "folder") return
    if (kind === "real server" && real !== undefined) {
      store = urlOf(real, await makeBucket(real), "vaults/mine")
      return
    }
    const server = await startS3rver(["hx-sync"])
    store = server.storeUrl("hx-sync", "vaults/mine")
    stop = server.stop
  })
  afterAll(() => stop())

  it("what one pushes the other one finds, with the requests of the contract and no more", async () => {
    const a = makeDevice(scratch.path, `${kind}-a`)
    const founded = await a.json(["sync", "init", "--store", store, "--device", "laptop"])
    expect(founded).toMatchObject({ version: 1, outcome: "founded", encrypted: true, pending: 0 })
    expect(founded["recoveryKey"]).toMatch(/^hx1[0-9a-z]{72}$/)
    await record(a.data, ["docker run --rm alpine", "git status"])

    expect(await a.json(["sync", "push", "--dry-run", "--verbose"])).toMatchObject({ dryRun: true, operations: 2 })
    const pushed = await a.json(["sync", "push", "--verbose"])
    expect(pushed).toMatchObject({ operations: 2, segments: 0 })
    expect(operationsOf(pushed)).toEqual(requests)
    expect(operationsOf(await a.json(["sync", "push", "--verbose"]))).toEqual([])

    const b = await joined(`${kind}-b`, store, a)
    expect(operationsOf(await b.json(["sync", "pull", "--dry-run", "--verbose"]))).toEqual(["list", "get"])
    const pulled = await b.json(["sync", "pull", "--verbose"])
    expect(pulled).toMatchObject({ devices: 1, changed: 1, added: 2, problems: [] })
    expect(operationsOf(pulled)).toEqual(["list", "get"])
    expect(operationsOf(await b.json(["sync", "pull", "--verbose"]))).toEqual(["list"])
    expect((await b.hx(["find", "docker"])).stdout).toContain("docker run --rm alpine")

    await record(b.data, ["on the other one"], 1_700_000_100)
    expect((await b.hx(["sync"])).stdout).toBe("Nothing new from 1 other device.\nPublished 1 entry.\n")
    expect((await a.hx(["sync"])).stdout).toBe("Pulled 1 new entry from 1 device.\nNothing to push.\n")
    expect(await a.json(["sync", "status"])).toMatchObject({
      device: { label: "laptop" },
      pending: { operations: 0, purged: 0, deletions: 0 },
      devices: [{ operations: 1, lag: 0, problem: null }],
      answer: { ok: true, devices: 1, changed: 0 },
      conditionalWrites: conditions,
      lastError: null
    })
  })

  it("secrets of the URL, and the key, are in their own private files and in no output but the one", async () => {
    const a = makeDevice(scratch.path, `${kind}-a`)
    const key = String((await a.json(["sync", "key"]))["recoveryKey"])
    const secret = kind === "real server" ? real?.secretKey : "S3RVER"
    const told = await Promise.all(
      [
        ["sync", "status", "--detailed"],
        ["sync", "push", "--force", "--log-level", "all"],
        ["sync", "reset"]
      ].map((words) => a.hx(words))
    )
    for (const { stderr, stdout } of told) expect(stdout + stderr).not.toMatch(new RegExp(`${key}|${secret}`))
    const files = readdirSync(a.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const holding = files.filter((file) =>
      new RegExp(`${secret}|hx1q`).test(readFileSync(join(file.parentPath, file.name), "latin1"))
    )
    for (const file of holding) {
      expect(statSync(join(file.parentPath, file.name)).mode & 0o777).toBe(0o600)
    }
    expect(holding.map((file) => file.name).filter((name) => name !== "credentials")).toHaveLength(1)
  })

  it("after a reset, init without a key and pull bring everything back: the guide's cure", async () => {
    const b = makeDevice(scratch.path, `${kind}-b`)
    expect((await b.hx(["sync", "reset"])).stdout).toContain("History and device id are kept.")
    expect(await b.hx(["sync", "push"])).toMatchObject({ code: 2, stdout: "" })
    await b.json(["sync", "init", "--store", store])
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 0, problems: [], forks: [] })
    expect(await b.json(["sync", "push", "--verbose"])).toMatchObject({ operations: 0, requests: [] })
  })

  it("a copied data directory becomes a device of its own, and no command is lost", async () => {
    const [a, b] = [makeDevice(scratch.path, `${kind}-a`), makeDevice(scratch.path, `${kind}-b`)]
    await a.json(["sync", "init", "--store", store])
    const copy = makeDevice(scratch.path, `${kind}-copy`)
    mkdirSync(join(copy.home, ".local", "share"), { recursive: true })
    cpSync(a.data, copy.data, { recursive: true })
    await record(a.data, ["on the original"], 1_700_000_200)
    await record(copy.data, ["on the copy"], 1_700_000_300)
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 1, forks: [] })
    const forked = await copy.hx(["sync", "push"])
    expect(forked.stdout).toMatch(
      /^This installation was a copy of device [0-9a-f]{32}: it continues as a new device, [0-9a-f]{32}; 1 entry moved with it\.\nWhere nobody uses the other one any more .*: hx sync devices forget [0-9a-f]{8}\nPublished 1 entry\.\n$/
    )
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 2, devices: 2 })
    expect((await a.hx(["sync", "pull"])).stdout).toContain("Pulled 1 new entry")
    expect((await copy.hx(["sync", "pull"])).stdout).toContain("Pulled 1 new entry")
    expect((await copy.hx(["sync", "status"])).stdout).toContain("continued as a new device")
  })
})

const operationsOf = (object: Record<string, unknown>) =>
  (object["requests"] as ReadonlyArray<{ operation: string; outcome: string }>).map(({ operation }) => operation)
