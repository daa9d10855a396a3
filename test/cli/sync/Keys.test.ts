/** The vault's key and passphrase, as people change them: the built program on every kind of store. */

import { ListObjectVersionsCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3"
import Database from "better-sqlite3"
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { makeBucket, rawClient, realServer, urlOf } from "../../store/S3Fixture.ts"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"
import { openTerminal, tmuxWorks } from "../Tmux.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const file = (name: string, content: string): string => {
  const path = join(scratch.path, name)
  writeFileSync(path, content)
  return path
}

const keyFile = async (device: Device, name: string) => file(name, (await device.hx(["sync", "key"])).stdout)

const WORDS = "seven words that nobody would ever think of"

/** Every file of a directory, byte for byte; of a database what it holds, but for the counts of requests and what failed last. */
const contentOf = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/-(shm|wal)$/.test(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const bytes = entry.name === "history.db" ? Buffer.from(dump(path)) : readFileSync(path)
        return [path, createHash("sha256").update(bytes).digest("hex")]
      })
  )

const dump = (path: string): string => {
  const db = new Database(path, { readonly: true })
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all()
    return JSON.stringify(
      (tables as ReadonlyArray<string>).map((name) => {
        const rows = db.prepare(`SELECT * FROM "${name}"`).all() as ReadonlyArray<Record<string, unknown>>
        return [name, rows.filter(({ key }) => key !== "sync.usage" && key !== "sync.activity")]
      })
    )
  } finally {
    db.close()
  }
}

const real = realServer()

const stores = [
  { kind: "folder" },
  { kind: "s3rver" },
  // Ceph's gateway in CI, or whatever HX_TEST_S3_ENDPOINT names.
  ...(real === undefined ? [] : [{ kind: "real server" }])
]

describe.each(stores)("a vault's key is rotated: $kind", { timeout: 120_000 }, ({ kind }) => {
  let store = `folder:${join(scratch.path, "store")}`
  let stop = async () => {}
  const name = kind.replace(" ", "-")
  const a = makeDevice(scratch.path, `${name}-a`)
  const b = makeDevice(scratch.path, `${name}-b`)
  beforeAll(async () => {
    if (kind === "real server" && real !== undefined) store = urlOf(real, await makeBucket(real), "vaults/mine")
    if (kind === "s3rver") {
      const server = await startS3rver(["hx-sync"])
      store = server.storeUrl("hx-sync", "vaults/mine")
      stop = server.stop
    }
  }, 60_000)
  afterAll(() => stop())

  /** Before anything is written, here or there. */
  const refusesWrongKeys = async (old: string, recoveryKey: string) => {
    const [before, held] = [contentOf(b.data), contentOf(join(scratch.path, "store"))]
    for (const [words, env] of [
      [["--key-file", old], {}],
      [[], { HX_SYNC_KEY: recoveryKey }],
      [["--passphrase-file", file("wrong", `${WORDS} else`)], {}],
      [[], {}]
    ] as const) {
      expect(await b.hx(["sync", "init", ...words], { env })).toMatchObject({ code: 3, stdout: "" })
      expect(contentOf(b.data)).toEqual(before)
      expect(contentOf(join(scratch.path, "store"))).toEqual(held)
    }
  }

  it("the others stop with 3, rejoin with the new key, and all know the same", async () => {
    const founded = await a.json(["sync", "init", "--store", store, "--device", "laptop"])
    await record(a.data, ["on a"])
    await a.json(["sync", "push"])
    const old = await keyFile(a, `${name}-old`)
    await b.json(["sync", "init", "--store", store, "--device", "desktop", "--key-file", old])
    await record(b.data, ["on b"], 1_700_000_100)
    await b.json(["sync"])

    const rotated = await a.json(["sync", "key", "rotate"])
    expect(rotated).toMatchObject({
      version: 1,
      number: 2,
      resumed: false,
      others: 1,
      passphraseGone: false,
      problems: []
    })
    expect(rotated["recoveryKey"]).toMatch(/^hx1[0-9a-z]{72}$/)
    expect(rotated["recoveryKey"]).not.toBe(founded["recoveryKey"])
    expect(statSync(String(rotated["keyFile"])).mode & 0o777).toBe(0o600)
    expect(existsSync(`${String(rotated["keyFile"])}.next`)).toBe(false)
    expect(await a.json(["sync", "status"])).toMatchObject({
      key: { number: 2, newer: null },
      pending: { rekey: false }
    })

    const commands = [["sync"], ["sync", "pull"], ["sync", "push", "--force"], ["sync", "key", "rotate"]]
    for (const words of kind === "folder" ? commands : commands.slice(0, 1)) {
      const stopped = await b.hx(words)
      expect(stopped).toMatchObject({ code: 3, stdout: "" })
      expect(stopped.stderr).toMatch(
        /^The vault's key was rotated on \d{4}-\d\d-\d\d\n.*\n.*hx sync init --key-file FILE\n$/
      )
    }
    const status = await b.hx(["sync", "status"])
    expect(status.stdout).toContain("THIS DEVICE NEEDS THE NEW KEY")
    expect((await b.hx(["sync", "key"])).stdout).toContain("# OUTDATED: ")
    expect((await b.hx(["doctor"])).stdout).toContain("The vault's key was rotated on")

    if (kind === "folder") await refusesWrongKeys(old, String(founded["recoveryKey"]))

    await b.json(["sync", "init", "--key-file", await keyFile(a, `${name}-new`)])
    expect(await b.json(["sync", "status"])).toMatchObject({
      key: { number: 2, newer: null },
      pending: { rekey: true }
    })
    expect((await b.hx(["sync", "push", "--dry-run"])).stdout).toContain("under the vault's new key")
    expect(await b.json(["sync"])).toMatchObject({ pulled: { problems: [] }, pushed: { published: true } })
    expect(await a.json(["sync"])).toMatchObject({ pulled: { problems: [], added: 1 } })
    for (const device of [a, b]) {
      const found = (await device.hx(["find", "on"])).stdout
      for (const command of ["on a", "on b"]) expect(found).toContain(command)
    }
  })

  it("a passphrase is set, refused where it is weak, changed and removed", async () => {
    const set = ["sync", "key", "passphrase", "--passphrase-file"]
    for (const weak of kind !== "folder"
      ? ["hunter2"]
      : ["", "hunter2", "aaaaaaaaaaaaaaaa", "abcdefghijklmno", "Password123456!"]) {
      const ran = await a.hx([...set, file("weak", `${weak}\n`)])
      expect(ran).toMatchObject({ code: 2, stdout: "" })
      if (weak !== "") expect(ran.stderr).not.toContain(weak)
    }
    expect(await a.json([...set, file("first", WORDS)])).toMatchObject({ outcome: "set", number: 2 })
    const env = { HX_SYNC_PASSPHRASE: `${WORDS} at all` }
    expect(await a.json(["sync", "key", "passphrase"], { env })).toMatchObject({ outcome: "changed" })
    const guest = makeDevice(scratch.path, `${name}-guest`)
    expect((await guest.hx(["sync", "init", "--store", store, "--passphrase-file", file("first", WORDS)])).code).toBe(3)
    await guest.json(["sync", "init", "--store", store], { env })
    expect(await guest.json(["sync", "pull"])).toMatchObject({ added: 2, problems: [] })
    const removed = await a.hx(["sync", "key", "passphrase", "--remove"])
    expect(removed.stdout).toContain("old copy of vault.json")
    expect(await a.json(["sync", "key", "passphrase", "--remove"])).toMatchObject({ outcome: "none" })
    const late = makeDevice(scratch.path, `${name}-late`)
    expect((await late.hx(["sync", "init", "--store", store], { env })).code).toBe(3)
  })
})

describe("a key file that does not open the vault", { timeout: 60_000 }, () => {
  it("is refused by every command that would seal with it, before anything is written", async () => {
    const store = join(scratch.path, "wrong-store")
    const device = makeDevice(scratch.path, "mistaken")
    const founded = await device.json(["sync", "init", "--store", `folder:${store}`])
    await record(device.data, ["pending"])
    await device.json(["sync", "push"])
    await record(device.data, ["more"], 1_700_000_100)
    const other = makeDevice(scratch.path, "mistaken-other")
    await other.json(["sync", "init", "--store", `folder:${join(scratch.path, "another-store")}`])
    writeFileSync(String(founded["keyFile"]), (await other.hx(["sync", "key"])).stdout)
    const [before, held] = [contentOf(device.data), contentOf(store)]
    for (const words of [
      ["sync", "push"],
      ["sync", "push", "--force"],
      ["sync", "pull"],
      ["sync"],
      ["sync", "key", "rotate"],
      ["sync", "key", "passphrase", "--passphrase-file", file("good", WORDS)],
      ["sync", "key", "passphrase", "--remove"],
      ["sync", "init"]
    ]) {
      const ran = await device.hx(words)
      expect([words, ran.code, ran.stdout]).toEqual([words, 3, ""])
      expect(ran.stderr).toMatch(/^Wrong vault key\n/)
      expect(contentOf(device.data)).toEqual(before)
      expect(contentOf(store)).toEqual(held)
    }
  })
})

describe("a copy of the data directory from before a rotation", { timeout: 60_000 }, () => {
  it("reads and publishes nothing more; what it publishes is reported and not used", async () => {
    const store = `folder:${join(scratch.path, "lost-store")}`
    const mine = makeDevice(scratch.path, "mine")
    await mine.json(["sync", "init", "--store", store])
    const lost = makeDevice(scratch.path, "lost")
    await lost.json(["sync", "init", "--store", store, "--key-file", await keyFile(mine, "before-loss")])
    await record(lost.data, ["before the loss"])
    await lost.json(["sync", "push"])
    await mine.json(["sync"])
    await mine.json(["sync", "key", "rotate"])
    await record(mine.data, ["a secret of later"], 1_700_000_500)
    await mine.json(["sync", "push"])
    await record(lost.data, ["planted by the thief"], 1_700_000_600)
    expect((await lost.hx(["sync", "push"])).code).toBe(0)
    const told = await mine.hx(["sync"])
    expect(told.code).toBe(8)
    expect(told.stderr).toContain("Completed with problems")
    expect(told.stdout).toContain("key number 1")
    expect((await mine.hx(["find", "planted"])).stdout).toBe("")
    expect((await mine.hx(["find", "before"])).stdout).toContain("before the loss")
    expect((await lost.hx(["sync"])).code).toBe(3)
    expect((await lost.hx(["find", "secret"])).stdout).toBe("")
    const copy = makeDevice(scratch.path, "copy-of-lost")
    mkdirSync(join(copy.home, ".local", "share"), { recursive: true })
    cpSync(lost.data, copy.data, { recursive: true })
    expect((await copy.hx(["sync", "reset"])).code).toBe(0)
    expect((await copy.hx(["sync", "init", "--store", store])).code).toBe(3)
  })
})

describe.skipIf(!tmuxWorks)("on a terminal", { timeout: 60_000 }, () => {
  it("a passphrase is asked for twice, and not shown", async () => {
    const device = makeDevice(scratch.path, "typing")
    await device.json(["sync", "init", "--store", `folder:${join(scratch.path, "typing-store")}`])
    const shell = ["sh", "-c", `${process.execPath} ${ENTRY} sync key passphrase; echo ended with $?; sleep 60`]
    const answers = async (...lines: ReadonlyArray<string>) => {
      const terminal = openTerminal("passphrase", shell, { env: device.env, cwd: device.home })
      const questions = [/New passphrase, not shown/, /The same again:\s*$/m]
      for (const [index, line] of lines.entries()) {
        await terminal.shows(questions[index] ?? /never/)
        terminal.type(line)
        terminal.press("Enter")
      }
      const shown = await terminal.shows(/ended with \d/)
      terminal.close()
      expect(shown).not.toContain("seven")
      return shown
    }
    expect(await answers(WORDS, `${WORDS}!`)).toMatch(/The two passphrases differ[^]*ended with 2/)
    expect(await answers("seven")).toMatch(/easily guessed[^]*ended with 2/)
    expect(await answers(WORDS, WORDS)).toMatch(/has a passphrase now[^]*ended with 0/)
  })
})

describe.skipIf(real === undefined)("on a bucket that keeps versions (skipped without HX_TEST_S3_ENDPOINT)", () => {
  it("no version of a segment that the old key sealed is left", { timeout: 120_000 }, async () => {
    if (real === undefined) return
    const bucket = await makeBucket(real)
    const client = rawClient(real)
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } })
    )
    const device = makeDevice(scratch.path, "versions")
    await device.json(["sync", "init", "--store", urlOf(real, bucket, "hx")])
    const noise = Array.from({ length: 1500 }, (_, n) => createHash("sha512").update(String(n)).digest("base64"))
    await record(device.data, noise)
    expect(await device.json(["sync", "push"])).toMatchObject({ segments: 1 })
    const segments = async () => {
      const { DeleteMarkers = [], Versions = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: "hx/segments/" })
      )
      return [...Versions, ...DeleteMarkers].map(({ Key }) => Key)
    }
    const before = await segments()
    expect(before).toHaveLength(1)
    expect(await device.json(["sync", "key", "rotate"])).toMatchObject({ pushed: { deleted: 1, versionsLeft: 0 } })
    const after = await segments()
    expect(after).toHaveLength(1)
    expect(after).not.toEqual(before)
    client.destroy()
  })
})
