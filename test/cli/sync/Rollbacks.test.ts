/**
 * Clones, restored backups and stores that go back or get mixed up, for real: the built program on a folder, on s3rver, and on the server of
 * HX_TEST_S3_* (skipped without one). s3rver, which keeps no conditions, has only those where that matters. What hx does is what sync.md §5 says, in these words; status tells the truth afterwards; nothing is lost.
 */

import { cpSync, rmSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Device, makeDevice, makeScratch, type Ran } from "../Hx.ts"
import { isThere, openPlace, type Place, PLACES, type Vault } from "./Bucket.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

let made = 0
let second = 1_700_000_000

/** Commands on this device, and a push of them. */
const publish = async (device: Device, ...commands: ReadonlyArray<string>) => {
  await run(device, ...commands)
  await device.json(["sync", "push"])
}
const run = (device: Device, ...commands: ReadonlyArray<string>) => record(device.data, commands, (second += 100))

const joinAs = async (vault: Vault, key: string, label: string): Promise<Device> => {
  const device = makeDevice(scratch.path, `${label}-${++made}`)
  await device.json(["sync", "init", "--store", vault.url, "--device", label], { env: { HX_SYNC_KEY: key } })
  return device
}

interface Scene {
  readonly vault: Vault
  readonly key: string
  readonly a: Device
  readonly b: Device
}

/** alpha and beta in one vault. */
const pair = async (place: Place): Promise<Scene> => {
  const vault = place.vault()
  const a = makeDevice(scratch.path, `alpha-${++made}`)
  const founded = await a.json(["sync", "init", "--store", vault.url, "--device", "alpha"])
  const key = String(founded["recoveryKey"])
  return { vault, key, a, b: await joinAs(vault, key, "beta") }
}

const idOf = async (device: Device): Promise<string> => {
  const { device: self } = (await device.json(["sync", "status"])) as { device: { id: string } }
  return self.id
}
const manifestOf = async (device: Device): Promise<string> => `manifests/${await idOf(device)}.hxm`

/** All commands a device knows. */
const known = async (device: Device): Promise<ReadonlyArray<string>> => {
  const { code, stderr, stdout } = await device.hx(["export", "--format", "jsonl", "--file", "-"])
  expect([code, stderr]).toEqual([0, ""])
  const lines = stdout.split("\n").filter((line) => line !== "")
  return lines.map((line) => (JSON.parse(line) as { command: string }).command).sort()
}

/** The same installation once more, as `cp -a` makes it. */
const copyOf = (device: Device): Device => {
  const copy = makeDevice(scratch.path, `copy-${++made}`)
  cpSync(device.data, copy.data, { recursive: true })
  return copy
}

const pull = (device: Device): Promise<Ran> => device.hx(["sync", "pull"])
const push = (device: Device, ...more: ReadonlyArray<string>): Promise<Ran> => device.hx(["sync", "push", ...more])
const status = async (device: Device, ...more: ReadonlyArray<string>): Promise<string> => {
  const { code, stdout } = await device.hx(["sync", "status", ...more])
  expect(code).toBe(0)
  return stdout
}

/** Everybody pulls and pushes until nobody has news; then all know the same, and say so. */
const converge = async (...devices: ReadonlyArray<Device>) => {
  for (const device of [...devices, ...devices]) await device.json(["sync"])
  const [first, ...others] = await Promise.all(devices.map(known))
  for (const other of others) expect(other).toEqual(first)
  for (const device of devices) {
    const told = await device.json(["sync", "status"])
    expect(told).toMatchObject({ pending: { operations: 0 }, unresolved: null, answer: { ok: true, changed: 0 } })
    expect((told["devices"] as ReadonlyArray<{ problem: unknown }>).filter(({ problem }) => problem !== null)).toEqual(
      []
    )
  }
  return first
}

const FORKED =
  /^This installation was a copy of device ([0-9a-f]{32}): it continues as a new device, ([0-9a-f]{32}); 1 entry moved with it\.\n/

describe.each(PLACES.filter(isThere))("in a store of kind %s", { timeout: 180_000 }, (kind) => {
  let place: Place
  beforeAll(async () => {
    place = await openPlace(kind, scratch.path)
  })
  afterAll(() => place.stop())

  it("a data directory is copied and both push: the second goes on as a new device and says so, and nothing is lost", async () => {
    const { a, b } = await pair(place)
    await publish(a, "before the copy")
    const id = await idOf(a)
    const copy = copyOf(a)
    await run(a, "of the original")
    await run(copy, "of the copy")
    expect((await push(a)).stdout).toBe("Published 1 entry.\n")
    const forked = await push(copy)
    expect([forked.code, forked.stderr]).toEqual([0, ""])
    const [, from, to] = FORKED.exec(forked.stdout) ?? []
    expect([from, to]).toEqual([id, await idOf(copy)])
    expect(forked.stdout).toContain("Published 1 entry.\n")
    expect(to).not.toBe(id)
    expect(await idOf(a)).toBe(id)
    expect(await converge(a, b, copy)).toEqual(["before the copy", "of the copy", "of the original"])
    expect(await status(copy)).toMatch(
      new RegExp(`\\nConflicts +.*: continued as a new device: ${id} is used by another installation\\n`)
    )
    expect(await status(copy)).toMatch(/\nDevice +alpha \([0-9a-f]{4}\) /)
    expect((await copy.json(["sync", "status"]))["conflicts"]).toHaveLength(1)
    expect(await status(a)).toMatch(/\nConflicts +none\n/)
  })

  it.skipIf(kind === "s3rver")(
    "an old copy of the data directory is put back: it goes on as a new device, and what was forgotten stays so",
    async () => {
      const { a, b } = await pair(place)
      await publish(a, "first", "a secret")
      const backup = copyOf(a)
      await a.json(["forget", "--match", "a secret", "--yes"])
      await publish(a, "after the backup")
      await b.json(["sync", "pull"])
      rmSync(a.data, { recursive: true })
      cpSync(backup.data, a.data, { recursive: true })
      await run(a, "after it was put back")
      const forked = await push(a)
      expect(forked.code).toBe(0)
      expect(forked.stdout).toMatch(FORKED)
      expect(await converge(a, b)).toEqual(["after it was put back", "after the backup", "first"])
    }
  )

  it("an older manifest is put back: its owner stops, who saw the newer one and who hears of it keep what they have", async () => {
    const { a, b, key, vault } = await pair(place)
    await publish(a, "first")
    const name = await manifestOf(a)
    const older = await vault.read(name)
    await publish(a, "second")
    await b.json(["sync", "pull"])
    await publish(b, "of beta")
    await vault.write(name, older)
    await run(a, "third")

    for (const verb of ["push", "pull"]) {
      const stopped = await a.hx(["sync", verb])
      expect([stopped.code, stopped.stdout]).toEqual([4, ""])
      expect(stopped.stderr).toMatch(
        /^Sequence number conflict\n {2}.*: published 2, found 1\n {2}Read everything again with "hx sync pull --force", or publish this device again with "hx sync push --force"\.\n$/
      )
    }
    expect(await status(a)).toMatch(
      /\nConflicts +UNRESOLVED: Sequence number conflict: .*hx sync pull --force.*hx sync push --force/
    )
    expect(await status(a)).toMatch(/\nLast pull +failed .* \(see the last error\)/)
    expect(await a.json(["sync", "status"])).toMatchObject({
      pending: { entries: 1 },
      unresolved: "Sequence number conflict: published 2, found 1",
      lastError: { tag: "SequenceConflict", code: 4, over: false }
    })

    const lines = new RegExp(
      `^Nothing new from 1 other device\\.\\nNot used: ${name} of alpha: it went back to publication 1; 2 had been seen\\. What was pulled of it before is kept\\n$`
    )
    const seen = await pull(b)
    expect(seen.code).toBe(8)
    expect(seen.stdout).toMatch(lines)
    expect(seen.stderr).toMatch(/^Completed with problems\n.*\n.*take it as it is: hx sync pull --force\n$/)
    expect(await known(b)).toEqual(["first", "of beta", "second"])
    expect(await status(b)).toMatch(/\nProblem +alpha: it went back to publication 1; 2 had been seen/)
    expect(await status(b, "--verbose")).toMatch(/\nalpha +[0-9a-f]{32} .*it went back to publication 1/)
    expect(await b.json(["sync", "status"])).toMatchObject({
      devices: [{ problem: expect.stringContaining("went back") as string }],
      last: { pull: { problems: [{ kind: "rollback", device: "alpha" }] } }
    })

    // Gamma has never seen alpha's second publication: beta's manifest says that there was one.
    const c = await joinAs(vault, key, "gamma")
    const heard = await pull(c)
    expect(heard.code).toBe(8)
    expect(heard.stdout).toContain("it went back to publication 1; 2 had been seen")
    expect(await known(c)).toEqual(["of beta"])
    expect(await status(c)).toContain("it went back to publication 1; 2 had been seen")

    const published = await push(a, "--force")
    expect([published.code, published.stdout]).toEqual([0, expect.stringMatching(/^Published .*\n$/)])
    expect(await status(a)).toMatch(/\nConflicts +.*: the store had gone back from publication 2 to 1/)
    expect(await converge(a, b, c)).toEqual(["first", "of beta", "second", "third"])
  })

  it.skipIf(kind === "s3rver")(
    "a manifest is deleted: its owner stops, the others keep what they have and say so until it is back",
    async () => {
      const { a, b, key, vault } = await pair(place)
      await publish(a, "first")
      const name = await manifestOf(a)
      await b.json(["sync", "pull"])
      await publish(b, "of beta")
      await vault.remove(name)
      const stopped = await pull(a)
      expect(stopped.code).toBe(4)
      expect(stopped.stderr).toContain(": published 1, found nothing\n")
      const gone = await pull(b)
      expect(gone.code).toBe(8)
      expect(gone.stdout).toContain(
        `Not used: ${name} of alpha: its manifest is gone; publication 1 had been seen. What was pulled of it before is kept\n`
      )
      expect(await status(b)).toMatch(/\nProblem +alpha: its manifest is gone; publication 1 had been seen/)
      expect(await b.json(["sync", "status"])).toMatchObject({
        devices: [{ listed: "gone", problem: expect.any(String) as string }]
      })
      const c = await joinAs(vault, key, "gamma")
      expect((await pull(c)).code).toBe(8)
      expect(await status(c)).toMatch(/\nProblem +[0-9a-f]{32}: its manifest is gone; publication 1 had been seen/)
      expect((await a.hx(["sync", "pull", "--force"])).code).toBe(0)
      await a.json(["sync", "push"])
      expect(await converge(a, b, c)).toEqual(["first", "of beta"])
    }
  )

  it.skipIf(kind === "s3rver")(
    "two devices' manifests are swapped: nobody takes one for the other, and each can be put right by its owner",
    async () => {
      const { a, b, key, vault } = await pair(place)
      await publish(a, "of alpha")
      await publish(b, "of beta")
      const [ofA, ofB] = [await manifestOf(a), await manifestOf(b)]
      const [inA, inB] = [await vault.read(ofA), await vault.read(ofB)]
      await vault.write(ofA, inB)
      await vault.write(ofB, inA)
      const c = await joinAs(vault, key, "gamma")
      const confused = await pull(c)
      expect(confused.code).toBe(8)
      for (const name of [ofA, ofB]) expect(confused.stdout).toContain(`Not used: ${name} of `)
      expect(confused.stdout).toContain("sealed under another key, or for another place")
      expect(await known(c)).toEqual([])
      for (const [device, name] of [
        [a, ofA],
        [b, ofB]
      ] as const) {
        const stopped = await pull(device)
        expect([stopped.code, stopped.stdout]).toEqual([5, ""])
        expect(stopped.stderr).toMatch(/^Manifest corruption detected\n/)
        expect(stopped.stderr).toContain(`${name}: sealed under another key, or for another place\n`)
        expect(stopped.stderr).toContain("Nothing local is lost.")
        expect(await status(device)).toMatch(/\nConflicts +UNRESOLVED: Manifest corruption detected: /)
        expect((await push(device, "--force")).code).toBe(0)
      }
      expect(await converge(a, b, c)).toEqual(["of alpha", "of beta"])
    }
  )

  it.skipIf(kind === "s3rver")(
    "another vault's objects, and ones without encryption, are put among these: nothing of them is believed",
    async () => {
      const { a, b, key, vault } = await pair(place)
      await publish(a, "of this vault")
      const other = await pair(place)
      await publish(other.a, "of another vault")
      const plain = place.vault()
      const open = makeDevice(scratch.path, `open-${++made}`)
      await open.json(["sync", "init", "--store", plain.url, "--no-encrypt", "--device", "open"])
      await publish(open, "in the clear")
      for (const source of [other.vault, plain]) {
        for (const name of await source.names()) {
          if (name !== "vault.json") await vault.write(name, await source.read(name))
        }
      }
      const pulled = await pull(b)
      expect(pulled.code).toBe(8)
      expect(pulled.stdout).toMatch(/^Pulled 1 new entry from 1 device/)
      expect(pulled.stdout).toContain(
        `${await manifestOf(other.a)} of ${await idOf(other.a)}: sealed under another key, or for another place\n`
      )
      expect(pulled.stdout).toMatch(new RegExp(`${await manifestOf(open)} of .*: .*not encrypted`))
      expect(await known(b)).toEqual(["of this vault"])
      // The other vault's descriptor in the place of this one's: whoever is in this vault does not go along, and who joins is asked for another key.
      await vault.write("vault.json", await other.vault.read("vault.json"))
      const c = makeDevice(scratch.path, `late-${++made}`)
      const refused = await c.hx(["sync", "init", "--store", vault.url], { env: { HX_SYNC_KEY: key } })
      expect(refused.code).toBe(3)
      expect(refused.stderr).toMatch(/^Wrong vault key\n/)
      const again = await a.hx(["sync", "init", "--store", vault.url])
      expect(again.code).toBe(3)
      expect(await known(a)).toEqual(["of this vault"])
    }
  )

  it.skipIf(kind === "folder")("lists are stale: a pull finds less, and nothing is taken for lost", async () => {
    const { a, b } = await pair(place)
    await publish(a, "first")
    await publish(b, "of beta")
    await a.json(["sync", "pull"])
    await b.json(["sync", "pull"])
    const isList = (method: string, url: string) => method === "GET" && url.includes("list-type=2")
    await publish(a, "second")
    place.proxy?.plan((_index, { method, url }) =>
      isList(method, url)
        ? { kind: "answer", status: 200, body: staleList(url), headers: { "content-type": "application/xml" } }
        : undefined
    )
    // The list does not have our own manifest, nor that of the other: reading ours tells that it is there.
    const mine = await pull(a)
    expect([mine.code, mine.stdout]).toEqual([
      8,
      expect.stringContaining("its manifest is gone; publication 1 had been seen")
    ])
    expect((await pull(b)).code).toBe(8)
    await run(a, "third")
    expect((await push(a)).stdout).toBe("Published 1 entry.\n")
    expect(await known(b)).toEqual(["first", "of beta"])
    place.proxy?.plan(() => undefined)
    expect(await converge(a, b)).toEqual(["first", "of beta", "second", "third"])
  })
})

/** A list from before anything was there. */
const staleList = (url: string): string => {
  const { pathname, searchParams } = new URL(url, "http://server")
  const bucket = pathname.split("/")[1] ?? ""
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${searchParams.get("prefix") ?? ""}</Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>`
}
