import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeDevice, makeScratch } from "../Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const at = (name: string) => join(scratch.path, name)
const file = (name: string, content: string) => {
  writeFileSync(at(name), content)
  return at(name)
}
const store = `folder:${at("store")}`

let key = ""
let otherKey = ""
beforeAll(async () => {
  const first = makeDevice(scratch.path, "first")
  key = String((await first.json(["sync", "init", "--store", store]))["recoveryKey"])
  const stranger = makeDevice(scratch.path, "stranger")
  otherKey = String((await stranger.json(["sync", "init", "--store", `folder:${at("other")}`]))["recoveryKey"])
}, 60_000)

/** Everything in a directory, with its content. */
const contentOf = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "latin1")])

const mistyped = () => `${key.slice(0, 20)}${key[20] === "q" ? "p" : "q"}${key.slice(21)}`

describe("init refuses", { timeout: 60_000 }, () => {
  const device = makeDevice(scratch.path, "refused")

  it.each([
    ["without a key", () => [], {}, 3, "The vault is encrypted and its key is needed"],
    ["with a mistyped key", () => ["--key-file", file("typo", mistyped())], {}, 3, "Wrong vault key"],
    ["with another vault's key", () => ["--key-file", file("alien", otherKey)], {}, 3, "Wrong vault key"],
    ["with an empty key file", () => ["--key-file", file("empty", "\n")], {}, 3, "Wrong vault key"],
    ["with a wrong key in a variable", () => [], { HX_SYNC_KEY: "hx1qqqq" }, 3, "Wrong vault key"],
    ["with a key file that is not there", () => ["--key-file", at("absent")], {}, 2, "The file cannot be read"],
    ["with a key file named by a variable", () => [], { HX_SYNC_KEY_FILE: at("absent") }, 2, "The file cannot be read"],
    ["with the key itself for a file", () => ["--key-file", key], {}, 2, "That is a recovery key, not a file"],
    ["with a passphrase that was never set", () => [], { HX_SYNC_PASSPHRASE: "open" }, 3, "Wrong vault key"],
    ["without encryption", () => ["--no-encrypt"], {}, 2, "The vault in the store does not fit"],
    ["with a setting that cannot be", () => [], { HX_SYNC_TIMEOUT: "soon" }, 2, "A setting has a value"],
    ["with a name that would steer terminals", () => ["--device", "a\u001B[31m"], {}, 2, "That cannot be the name"]
  ] as const)("%s, says why, and writes nothing", async (_, words, env, code, begins) => {
    const before = contentOf(at("store"))
    const ran = await device.hx(["sync", "init", "--store", store, ...words()], { env })
    expect(ran).toMatchObject({ code, stdout: "" })
    expect(ran.stderr.split("\n")[0]).toContain(begins)
    expect(ran.stderr.split("\n")).toHaveLength(4)
    expect(ran.stderr).not.toContain(key)
    expect(contentOf(at("store"))).toEqual(before)
    expect(existsSync(join(device.data, "keys"))).toBe(false)
    expect((await device.hx(["sync", "push"])).stderr).toContain("No store to sync with")
  })

  it.each(["--passphrase-file", "--key-file"])(
    "a secret where %s wants a file, and does not repeat it",
    async (option) => {
      const ran = await device.hx(["sync", "init", "--store", store, option, "correct horse/battery staple"])
      expect(ran).toMatchObject({ code: 2, stdout: "" })
      expect(ran.stderr).toContain(`${option}: there is no such file`)
      expect(ran.stderr).not.toContain("horse")
    }
  )

  it.each(["--key-file", "--passphrase-file"])("an endless %s, at once", async (option) => {
    const ran = await device.hx(["sync", "init", "--store", store, option, "/dev/zero"])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toContain(`${option}, /dev/zero: it is too large to hold a key or a passphrase`)
  })

  it.each([
    ["a parameter that does not exist, with the nearest", "s3://bucket/hx?regin=us-west-2", "region"],
    ["one key without the other", "s3://bucket/hx?access_key=AKIA", "secret_key"],
    ["a path without a scheme", "/mnt/hx", "folder:"],
    ["a scheme nobody knows", "ftp://host/hx", "s3://"]
  ])("a store URL with %s", async (_, url, named) => {
    const ran = await device.hx(["sync", "init", "--store", url])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr).toContain(named)
    expect((await device.hx(["sync", "init"], { env: { HX_SYNC_STORE: url } })).code).toBe(2)
  })

  it("a key where there is no vault, and makes none", async () => {
    const ran = await device.hx(["sync", "init", "--store", `folder:${at("nothing")}`, "--key-file", file("key", key)])
    expect(ran.code).toBe(2)
    expect(existsSync(at("nothing"))).toBe(false)
  })

  it.skipIf(process.getuid?.() === 0)("a folder it may not write", async () => {
    chmodSync(at("other"), 0o500)
    const ran = await device.hx(["sync", "init", "--store", `folder:${at("other")}/new`])
    chmodSync(at("other"), 0o700)
    expect(ran).toMatchObject({ code: 3, stdout: "" })
    expect(ran.stderr).toMatch(/^Access Denied/)
  })
})

describe("init takes a key", { timeout: 60_000 }, () => {
  const outcome = { outcome: "joined", recoveryKey: null, encrypted: true }

  it("from a file as `hx sync key` writes it, from standard input, and from variables", async () => {
    const first = makeDevice(scratch.path, "first")
    const written = (await first.hx(["sync", "key"])).stdout
    const init = ["sync", "init", "--store", store]
    const path = file("key.txt", written)
    expect(await makeDevice(scratch.path, "by-file").json([...init, "--key-file", path])).toMatchObject(outcome)
    const typed = await makeDevice(scratch.path, "by-input").json([...init, "--key-file", "-"], { stdin: key })
    expect(typed).toMatchObject(outcome)
    const inUpper = { HX_SYNC_KEY: key.toUpperCase() }
    expect(await makeDevice(scratch.path, "by-variable").json(init, { env: inUpper })).toMatchObject(outcome)
    const named = { HX_SYNC_KEY_FILE: path, HX_SYNC_STORE: store }
    expect(await makeDevice(scratch.path, "by-path").json(["sync", "init"], { env: named })).toMatchObject(outcome)
  })

  it("or the passphrase of the founding", async () => {
    const place = ["sync", "init", "--store", `folder:${at("with-passphrase")}`]
    const passphrase = file("passphrase.txt", "correct horse battery staple\n")
    await makeDevice(scratch.path, "founder").json([...place, "--passphrase-file", passphrase])
    const wrong = await makeDevice(scratch.path, "guest").hx(place, { env: { HX_SYNC_PASSPHRASE: "wrong" } })
    expect(wrong.code).toBe(3)
    expect(wrong.stderr).toContain("wrong passphrase")
    const right = { HX_SYNC_PASSPHRASE: "correct horse battery staple" }
    expect(await makeDevice(scratch.path, "guest").json(place, { env: right })).toMatchObject(outcome)
  })
})

describe("init makes a vault", { timeout: 60_000 }, () => {
  it("in a folder beside the history where nobody says where, and shows its key once", async () => {
    const device = makeDevice(scratch.path, "alone")
    const founded = await device.hx(["sync", "init", "--device", "my laptop"])
    expect(founded.code).toBe(0)
    expect(founded.stdout).toContain(`Made a new vault in folder:${join(device.data, "sync")}\n`)
    expect(founded.stdout).toContain("device  my laptop")
    expect(founded.stdout.match(/hx1[0-9a-z]{72}/g)).toHaveLength(1)
    const again = await device.hx(["sync", "init"])
    expect(again.stdout).toMatch(/^Joined the vault in folder:/)
    expect(again.stdout).not.toMatch(/hx1/)
  })

  it("without encryption only when told to, says so loudly, and needs no key then", async () => {
    const place = ["sync", "init", "--store", `folder:${at("plain")}`]
    const founded = await makeDevice(scratch.path, "open").hx([...place, "--no-encrypt"])
    expect(founded.code).toBe(0)
    expect(founded.stdout).toContain("NOT ENCRYPTED")
    expect(founded.stderr).toContain("THIS VAULT IS NOT ENCRYPTED")
    const guest = makeDevice(scratch.path, "open-guest")
    expect(await guest.json(place)).toMatchObject({ outcome: "joined", encrypted: false, keyFile: null })
    expect(await guest.json(["sync", "key"])).toMatchObject({ encrypted: false, recoveryKey: null })
    const withKey = await guest.hx([...place, "--key-file", file("any", key)])
    expect(withKey).toMatchObject({ code: 2, stdout: "" })
  })

  it("and goes on with the store in use when no other is named", async () => {
    const device = makeDevice(scratch.path, "mover")
    await device.json(["sync", "init", "--store", `folder:${at("from")}`])
    expect(await device.json(["sync", "init"])).toMatchObject({ outcome: "joined", store: `folder:${at("from")}` })
    expect(await device.json(["sync", "init", "--store", `folder:${at("to")}`])).toMatchObject({ outcome: "moved" })
  })
})
