/** What errors of keys and devices tell people to do, and what that does when it is done: the built program on a folder. */

import { renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const publishing = async (device: Device, store: string, ...more: ReadonlyArray<string>) => {
  await device.json(["sync", "init", "--store", `folder:${store}`, ...more])
  await device.json(["sync"])
}

describe("a vault in a folder", { timeout: 60_000 }, () => {
  it("whose disk is not mounted is no corrupt one to those who change its key; one without vault.json is, and init cures it", async () => {
    const store = join(scratch.path, "unmounted")
    const device = makeDevice(scratch.path, "unmounted-device")
    await record(device.data, ["kept"])
    await publishing(device, store)
    renameSync(store, `${store}-away`)
    for (const args of [["rotate"], ["passphrase", "--remove"]]) {
      const ran = await device.hx(["sync", "key", ...args])
      expect([ran.code, ran.stderr.split("\n")[0]]).toEqual([6, "No such folder"])
    }
    renameSync(`${store}-away`, store)
    rmSync(join(store, "vault.json"))
    const gone = await device.hx(["sync", "key", "rotate"])
    expect(gone.code).toBe(5)
    expect(gone.stderr).toMatch(/vault\.json: it is gone\n.*"hx sync init" on a device that has the vault's key/)
    expect(gone.stderr).not.toMatch(/hx sync reset|--force/)
    expect((await device.hx(["sync", "init"])).code).toBe(0)
    expect((await device.hx(["sync", "key", "rotate"])).code).toBe(0)
  })

  it("doctor tells a retired device how to come back, and its name is free again", async () => {
    const store = join(scratch.path, "retired-store")
    const [laptop, old] = [makeDevice(scratch.path, "cure-laptop"), makeDevice(scratch.path, "cure-old")]
    await record(laptop.data, ["on the laptop"])
    await record(old.data, ["on the old one", "and again", "and once more"], 1_700_000_100)
    await publishing(laptop, store, "--device", "laptop")
    const key = join(scratch.path, "cure.key")
    writeFileSync(key, (await laptop.hx(["sync", "key"])).stdout)
    await publishing(old, store, "--key-file", key, "--device", "old")
    const retired = await laptop.hx(["sync", "devices", "forget", "old", "--yes"])
    expect([retired.code, retired.stdout]).toEqual([0, expect.stringContaining("Retired old")])
    await record(old.data, ["not published", "nor this"], 1_700_000_200)
    expect((await old.hx(["sync"])).code).toBe(3)
    expect((await old.hx(["doctor"])).stdout).toMatch(
      /last error.*retired[^]*all its history: hx sync init, then hx sync/
    )
    expect((await old.hx(["sync", "init"])).stdout).toContain("2 entries of it are still to be published.")
    expect((await old.hx(["sync"])).code).toBe(0)
    await laptop.json(["sync"])
    const renamed = await laptop.hx(["sync", "devices", "rename", "old"])
    expect([renamed.code, renamed.stderr.split("\n")[0]]).toEqual([2, "Another device has this name"])
    await old.json(["sync", "devices", "rename", "new"])
    await laptop.json(["sync"])
    expect((await laptop.hx(["sync", "devices", "rename", "old"])).code).toBe(0)
    expect((await laptop.hx(["sync", "devices", "rename", "old"])).stdout).toMatch(/^This device is old already\./)
  })
})

describe("what is not there to name a device", { timeout: 60_000 }, () => {
  it("is told by its name, and forget completes devices as well", async () => {
    const device = makeDevice(scratch.path, "unnamed")
    const ran = await device.hx(["sync", "devices", "rename"])
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/^Missing argument\n {2}NAME\n {2}Add --help/)])
    const script = (await device.hx(["completions", "fish"])).stdout
    const line = script.split("\n").find((each) => /\bforget\b/.test(each) && /-l device\b/.test(each))
    expect(line).toContain("__hx_ask devices")
  })
})
