/** Devices listed, renamed and retired, as people do it: the built program on every kind of store. */

import { cpSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { makeBucket, realServer, urlOf } from "../../store/S3Fixture.ts"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"
import { openTerminal, tmuxWorks } from "../Tmux.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const real = realServer()

const stores = [
  { kind: "folder" },
  { kind: "s3rver" },
  // Ceph's gateway in CI, or whatever HX_TEST_S3_ENDPOINT names.
  ...(real === undefined ? [] : [{ kind: "real server" }])
]

type Json = Readonly<Record<string, unknown>>

const devicesOf = async (device: Device) => (await device.json(["sync", "devices"]))["devices"] as ReadonlyArray<Json>

const digestOf = async (device: Device) =>
  (JSON.parse((await device.hx(["export", "--file", "-"])).stdout) as Json)["digest"]

describe.each(stores)("three devices and a store: $kind", { timeout: 120_000 }, ({ kind }) => {
  let store = `folder:${join(scratch.path, "store")}`
  let stop = async () => {}
  beforeAll(async () => {
    if (kind === "folder") return
    if (kind === "real server" && real !== undefined) {
      store = urlOf(real, await makeBucket(real), "vaults/mine")
      return
    }
    const server = await startS3rver(["hx-devices"])
    store = server.storeUrl("hx-devices", "vaults/mine")
    stop = server.stop
  })
  afterAll(() => stop())

  const three = async () => {
    const [laptop, desktop, old] = [
      makeDevice(scratch.path, `${kind}-laptop`),
      makeDevice(scratch.path, `${kind}-desktop`),
      makeDevice(scratch.path, `${kind}-old`)
    ]
    await record(laptop.data, ["on the laptop"])
    await record(desktop.data, ["on the desktop"], 1_700_000_100)
    await record(old.data, ["on the old one", "and once more"], 1_700_000_200)
    await laptop.json(["sync", "init", "--store", store, "--device", "laptop"])
    const key = join(scratch.path, `${kind}.key`)
    writeFileSync(key, (await laptop.hx(["sync", "key"])).stdout)
    await desktop.json(["sync", "init", "--store", store, "--key-file", key, "--device", "desktop"])
    await old.json(["sync", "init", "--store", store, "--key-file", key, "--device", "old"])
    for (const device of [laptop, desktop, old, laptop, desktop]) await device.json(["sync"])
    return { laptop, desktop, old }
  }

  it("one is retired, told so when it comes back, and joins again; the history is the same everywhere", async () => {
    const { desktop, laptop, old } = await three()
    const before = await digestOf(laptop)
    const listed = await devicesOf(laptop)
    expect(listed[0]).toMatchObject({ label: "laptop", self: true, entries: 1, lag: 0, retired: null })
    expect(listed.map(({ entries, label }) => [label, entries]).sort()).toEqual([
      ["desktop", 1],
      ["laptop", 1],
      ["old", 2]
    ])

    const [unasked, nobody, itself] = [
      await laptop.hx(["sync", "devices", "forget", "old"]),
      await laptop.hx(["sync", "devices", "forget", "older", "--yes"]),
      await laptop.hx(["sync", "devices", "forget", "laptop", "--yes"])
    ]
    expect([unasked.code, nobody.code, itself.code]).toEqual([2, 2, 2])
    expect(unasked.stderr).toMatch(/^Retiring a device has to be confirmed/)
    expect(nobody.stderr).toMatch(/^No device is called so\n.*known are .*desktop/)
    expect(itself.stderr).toMatch(/^This device cannot retire itself\n.*\n.*hx sync reset/)

    expect(await laptop.json(["sync", "devices", "forget", "old", "--yes"])).toMatchObject({
      label: "old",
      forgotten: true,
      takenOverBy: null,
      taken: 2,
      lost: [],
      deleted: 1,
      left: 0,
      versionsLeft: 0
    })
    expect((await devicesOf(laptop)).find(({ label }) => label === "old")).toMatchObject({ retired: { by: "laptop" } })
    await desktop.json(["sync"])
    expect(await digestOf(desktop)).toBe(before)

    await record(old.data, ["typed on the old one since"], 1_700_000_300)
    const refused = await old.hx(["sync", "push"])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(/^This device was retired\n.*by laptop.*\n.*hx sync init/)
    expect((await old.hx(["sync"])).code).toBe(3)
    const again = await old.hx(["sync", "init"])
    expect(again.stdout).toMatch(/This device was retired by laptop: .* with all its history; 1 entry of it is still/)
    await old.json(["sync"])
    for (const device of [laptop, desktop]) await device.json(["sync"])
    const after = await digestOf(old)
    expect(after).not.toBe(before)
    for (const device of [laptop, desktop]) expect(await digestOf(device)).toBe(after)
  })
})

describe("a name", { timeout: 60_000 }, () => {
  const named = async (name: string) => {
    const device = makeDevice(scratch.path, name)
    const store = join(scratch.path, `${name}-store`)
    await record(device.data, ["git status"])
    await device.json(["sync", "init", "--store", `folder:${store}`, "--device", name])
    await device.json(["sync", "push"])
    return { device, store }
  }

  it("is published at once, costs one request, and nothing the next time", async () => {
    const { device } = await named("first")
    expect((await device.hx(["sync", "devices", "rename", "second"])).stdout).toBe(
      "This device is second now; it was first. The others see it with their next pull.\n"
    )
    expect(await device.json(["sync", "push"])).toMatchObject({ published: false })
    expect(await devicesOf(device)).toMatchObject([{ label: "second", self: true }])
  })

  it("waits where the store cannot be reached, which is told; the next push publishes it", async () => {
    const { device, store } = await named("here")
    renameSync(store, `${store}-away`)
    const offline = await device.hx(["sync", "devices"])
    expect(offline).toMatchObject({ code: 0 })
    expect(offline.stdout).toContain("here")
    expect(offline.stderr).toContain("The store was not asked")
    const renamed = await device.hx(["sync", "devices", "rename", "there"])
    expect(renamed.stdout).toContain("It could not be published: the next push does.")
    expect(renamed.stderr).toMatch(/No such/)
    renameSync(`${store}-away`, store)
    expect(await device.json(["sync", "push", "--dry-run"])).toMatchObject({ renamed: true, operations: 0 })
    expect(await device.json(["sync", "push"])).toMatchObject({ published: true, operations: 0 })
  })

  it("of another device, or that cannot be one, is refused", async () => {
    const { device } = await named("mine")
    const [other, empty] = [
      await device.hx(["sync", "devices", "rename", "yours", "theirs"]),
      await device.hx(["sync", "devices", "rename", " "])
    ]
    expect([other.code, empty.code]).toEqual([2, 2])
    expect(other.stderr).toMatch(/^A device can only be renamed on that device\n/)
    expect(empty.stderr).toMatch(/^That cannot be the name of a device\n/)
    expect((await device.hx(["sync", "devices", "rename", "mine", "ours"])).code).toBe(0)
  })

  it("completes where a device is wanted", async () => {
    const { device } = await named("completed")
    expect((await device.hx(["completion-values", "devices"])).stdout).toContain("completed")
    const script = (await device.hx(["completions", "bash"])).stdout
    expect(script).toContain("devices")
  })
})

describe("after a backup was restored", { timeout: 60_000 }, () => {
  it("the log that it left behind is told of, and can be retired: then its entries can be forgotten for good", async () => {
    const store = join(scratch.path, "restored-store")
    const device = makeDevice(scratch.path, "restored")
    await record(device.data, ["before the backup"])
    await device.json(["sync", "init", "--store", `folder:${store}`, "--device", "restored"])
    await device.json(["sync", "push"])
    cpSync(device.data, `${device.data}.backup`, { recursive: true })
    await record(device.data, ["since the backup"], 1_700_000_100)
    await device.json(["sync", "push"])
    rmSync(device.data, { recursive: true })
    renameSync(`${device.data}.backup`, device.data)
    await record(device.data, ["after it was restored"], 1_700_000_200)
    const forked = await device.hx(["sync"])
    const [, id = ""] = /hx sync devices forget ([0-9a-f]{8})/.exec(forked.stdout) ?? []
    expect(id).not.toBe("")
    await device.json(["sync"])
    expect((await device.hx(["find", "the backup"])).stdout).toContain("since the backup")
    await device.json(["sync", "devices", "forget", id, "--yes"])
    expect(readdirSync(join(store, "manifests"))).toHaveLength(1)
    expect(existsSync(join(store, "segments", id))).toBe(false)
    await device.hx(["forget", "--match", "since the backup", "--yes", "--many"])
    await device.json(["sync", "push"])
    const other = makeDevice(scratch.path, "restored-other")
    const key = join(scratch.path, "restored.key")
    writeFileSync(key, (await device.hx(["sync", "key"])).stdout)
    await other.json(["sync", "init", "--store", `folder:${store}`, "--key-file", key])
    await other.json(["sync", "pull"])
    expect((await other.hx(["find", "backup"])).stdout).not.toContain("since the backup")
    expect((await other.hx(["find", "backup"])).stdout).toContain("before the backup")
  })
})

describe.skipIf(!tmuxWorks)("on a terminal", { timeout: 60_000 }, () => {
  it.each([40, 100])("%i columns wide, the devices fit, and retiring one asks first", async (columns) => {
    const device = makeDevice(scratch.path, `wide-${columns}`)
    const other = makeDevice(scratch.path, `other-${columns}`)
    const store = `folder:${join(scratch.path, `wide-${columns}-store`)}`
    await record(device.data, ["git status"])
    await record(other.data, ["git diff"], 1_700_000_100)
    await device.json(["sync", "init", "--store", store, "--device", "laptop"])
    const key = join(scratch.path, `wide-${columns}.key`)
    writeFileSync(key, (await device.hx(["sync", "key"])).stdout)
    await other.json(["sync", "init", "--store", store, "--key-file", key, "--device", "an old one"])
    await other.json(["sync"])
    await device.json(["sync"])
    const shell = [
      "bash",
      "-c",
      `"$0" "$1" sync devices; "$0" "$1" sync devices forget "an old one"; echo "ended with $?"; read`
    ]
    const terminal = openTerminal(`devices-${columns}`, [...shell, process.execPath, ENTRY], {
      env: device.env,
      cwd: device.home,
      columns
    })
    const asked = await terminal.shows(/\[y\/N\]/)
    expect(asked).toMatch(/laptop[^]*this device[^]*an old one/)
    expect(asked.replaceAll("\n", " ").replaceAll(/ +/g, "")).toContain("Retireanoldone")
    terminal.type("y")
    terminal.press("Enter")
    const shown = await terminal.shows(/ended with \d/)
    terminal.close()
    expect(shown).toMatch(/Deleted 1 object[^]*ended with 0/)
  })
})
