/**
 * The flows of the user's guide on the built program, with a folder and an S3 server in this process: moving, many devices, backup and recovery, the
 * monthly round, and what `--force` is for. The same flows are run from the guide's own pages on a real server (test/guide).
 */

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type S3rverServer, startS3rver } from "../../../scripts/S3rverServer.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
let server: S3rverServer
beforeAll(async () => {
  server = await startS3rver(["old", "new"])
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

const device = (name: string): Device => makeDevice(scratch.path, name)

const init = (of: Device, store: string, ...more: ReadonlyArray<string>) =>
  of.json(["sync", "init", "--store", store, ...more])

/** Joins the vault that `first` is in. */
const joinVault = async (of: Device, store: string, first: Device) => {
  const key = join(of.home, "recovery-key.txt")
  writeFileSync(key, (await first.hx(["sync", "key"])).stdout)
  return init(of, store, "--key-file", key)
}

const digest = async (of: Device): Promise<unknown> => {
  const file = join(of.home, "digest.json")
  await of.json(["export", "--file", file])
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly digest: unknown }).digest
}

const commands = async (of: Device, query: string): Promise<ReadonlyArray<string>> => {
  const { entries } = await of.json(["find", query])
  return (entries as ReadonlyArray<{ readonly command: string }>).map(({ command }) => command)
}

/** Files of the folder store that hold somebody's manifest. */
const manifestsIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(folder, "manifests")).map((name) => join(folder, "manifests", name))

describe("moving", { timeout: 60_000 }, () => {
  it("from the folder that init makes by itself to S3: everything is there, and the folder may go", async () => {
    const [a, b] = [device("move-a"), device("move-b")]
    await a.json(["sync", "init"])
    await record(a.data, ["first on a", "second on a"])
    await a.json(["sync", "push"])
    const folder = join(a.data, "sync")
    await joinVault(b, `folder:${folder}`, a)
    await record(b.data, ["only on b"], 1_700_000_100)
    await b.json(["sync"])
    await a.json(["sync", "pull"])

    const store = server.storeUrl("old", "moved")
    expect(await init(a, store)).toMatchObject({ outcome: "moved" })
    // Two of its own and the other device's, which may never come here.
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 3 })
    rmSync(folder, { recursive: true })
    const c = device("move-c")
    await joinVault(c, store, a)
    await c.json(["sync", "pull"])
    expect(await commands(c, "on")).toEqual(["only on b", "second on a", "first on a"])
    expect(await digest(c)).toEqual(await digest(a))
  })

  it("from one bucket to another, each device when it likes: what a late one brings arrives", async () => {
    const [a, b] = [device("bucket-a"), device("bucket-b")]
    const [from, to] = [server.storeUrl("old", "two"), server.storeUrl("new", "two")]
    await init(a, from)
    await record(a.data, ["first on a"])
    await a.json(["sync", "push"])
    await joinVault(b, from, a)
    await b.json(["sync", "pull"])

    await init(a, to)
    await a.json(["sync", "push"])
    await record(b.data, ["late on b"], 1_700_000_100)
    await b.json(["sync", "push"])
    expect(await init(b, to)).toMatchObject({ outcome: "joined" })
    await b.json(["sync"])
    await a.json(["sync"])
    expect(await commands(a, "late")).toEqual(["late on b"])
    expect(await digest(a)).toEqual(await digest(b))
  })
})

describe("many devices", { timeout: 60_000 }, () => {
  it("four of them, in any order, end with the same history", async () => {
    const store = server.storeUrl("old", "many")
    const all = ["many-a", "many-b", "many-c", "many-d"].map(device)
    const [first, ...others] = all
    if (first === undefined) throw new Error("no devices")
    await init(first, store, "--device", "many-a")
    for (const other of others) await joinVault(other, store, first)
    for (const [index, each] of all.entries())
      await record(each.data, [`typed on ${index}`], 1_700_000_000 + 100 * index)
    for (const each of [...all, ...all.toReversed()]) await each.json(["sync"])
    const digests = await Promise.all(all.map(digest))
    expect(new Set(digests).size).toBe(1)
    expect(await commands(first, "typed")).toHaveLength(4)
    expect(await first.json(["sync", "status"])).toMatchObject({ answer: { devices: 3, changed: 0 } })
  })
})

describe("backup and recovery", { timeout: 60_000 }, () => {
  it("a backup brings the history back elsewhere, whole, and a second time nothing more", async () => {
    const [a, b] = [device("backup-a"), device("backup-b")]
    await record(a.data, ["docker run --rm alpine", "git status"])
    const file = join(scratch.path, "hx-backup.json")
    expect(await a.json(["export", "--file", file])).toMatchObject({ entries: 2 })
    expect(await b.json(["import", "--file", file, "--dry-run"])).toMatchObject({ files: [{ read: 2, added: 2 }] })
    expect(await commands(b, "docker")).toEqual([])
    await b.json(["import", "--file", file])
    expect(await b.json(["import", "--file", file])).toMatchObject({ files: [{ added: 0, known: 2 }] })
    expect(await digest(b)).toEqual(await digest(a))
    expect((await b.hx(["find", "docker", "--after", "2023-03-01"])).stdout).toContain("docker run --rm alpine")
  })

  it("a device that lost everything needs the store and the key, and gets it all", async () => {
    const a = device("lost-a")
    const store = server.storeUrl("old", "lost")
    await init(a, store)
    await record(a.data, ["before the loss"])
    await a.json(["sync", "push"])
    const before = await digest(a)
    const again = device("lost-again")
    await joinVault(again, store, a)
    await again.json(["sync", "pull"])
    expect(await digest(again)).toEqual(before)
  })

  it("reset, init, pull, as the guide has it: no question, no key to give, nothing lost, nothing to push", async () => {
    const a = device("reset-a")
    const store = server.storeUrl("old", "reset")
    await init(a, store)
    await record(a.data, ["kept"])
    await a.json(["sync", "push"])
    expect((await a.hx(["sync", "reset"])).code).toBe(0)
    await init(a, store)
    await a.json(["sync", "pull"])
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 0 })
    expect(await commands(a, "kept")).toEqual(["kept"])
  })

  it("the monthly round: sync, a look, a check, a backup that reads back", async () => {
    const a = device("monthly")
    await init(a, server.storeUrl("old", "monthly"))
    await record(a.data, ["of this month"])
    expect((await a.hx(["sync"])).code).toBe(0)
    expect((await a.hx(["sync", "status", "--detailed"])).stdout).toContain("Estimated monthly cost")
    expect((await a.hx(["sync", "check"])).code).toBe(0)
    expect((await a.hx(["doctor"])).code).toBe(0)
    const file = join(a.home, "monthly.json")
    await a.json(["export", "--file", file])
    expect(await a.json(["import", "--file", file, "--dry-run"])).toMatchObject({ files: [{ added: 0, known: 1 }] })
  })
})

describe("a store that went back", { timeout: 60_000 }, () => {
  /** Two devices in a folder; the store is set back to where the first one's last publication was not there yet. */
  const setBack = async (name: string) => {
    const folder = join(scratch.path, `${name}-store`)
    const [a, b] = [device(`${name}-a`), device(`${name}-b`)]
    await init(a, `folder:${folder}`)
    await record(a.data, ["old on a"])
    await a.json(["sync", "push"])
    cpSync(folder, `${folder}.copy`, { recursive: true })
    await record(a.data, ["new on a"], 1_700_000_100)
    await a.json(["sync", "push"])
    await joinVault(b, `folder:${folder}`, a)
    await b.json(["sync", "pull"])
    rmSync(folder, { recursive: true })
    cpSync(`${folder}.copy`, folder, { recursive: true })
    await record(a.data, ["newest on a"], 1_700_000_200)
    return { a, b, folder }
  }

  it("stops a plain push with both cures named, and nothing is overwritten", async () => {
    const { a, folder } = await setBack("stop")
    const before = manifestsIn(folder).map((file) => readFileSync(file).toString("hex"))
    const stopped = await a.hx(["sync", "push"])
    expect(stopped).toMatchObject({ code: 4, stdout: "" })
    expect(stopped.stderr).toMatch(/^Sequence number conflict\n.*\n.*pull --force.*push --force/)
    expect(manifestsIn(folder).map((file) => readFileSync(file).toString("hex"))).toEqual(before)
  })

  for (const cure of [
    ["sync", "pull", "--force"],
    ["sync", "push", "--force"]
  ]) {
    it(`is mended by hx ${cure.join(" ")}: everybody has everything in the end`, async () => {
      const { a, b } = await setBack(cure.join("-"))
      expect((await a.hx(cure)).code).toBe(0)
      expect((await a.hx(["sync", "push"])).code).toBe(0)
      expect((await b.hx(["sync", "pull"])).code).toBe(0)
      expect(await commands(b, "on a")).toEqual(["newest on a", "new on a", "old on a"])
      expect(await digest(a)).toEqual(await digest(b))
      expect(await a.json(["sync", "status"])).toMatchObject({ pending: { operations: 0 } })
    })
  }
})
