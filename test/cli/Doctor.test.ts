import { it as effect } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { syncing } from "../../src/cli/doctor/Sync.ts"
import { judgeNode } from "../../src/platform/NodeVersion.ts"
import { joinAll, live, makeDevice as makeWorldDevice, makeWorld, push, record } from "../sync/World.ts"
import { type Device, makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

interface Told {
  readonly check: string
  readonly outcome: string
  readonly detail: string
  readonly cure: string | null
  readonly code: number | null
}

/** What it says with --json, by check; and how it ended. */
const ask = async (device: Device, words: ReadonlyArray<string> = [], env: Readonly<Record<string, string>> = {}) => {
  const ran = await device.hx(["doctor", ...words, "--json"], { env })
  const { checks } = JSON.parse(ran.stdout) as { checks: ReadonlyArray<Told> }
  return { code: ran.code, stderr: ran.stderr, checks, of: (id: string) => checks.find(({ check }) => check === id) }
}

const withHistory = async (name: string): Promise<Device> => {
  const device = makeDevice(scratch.path, name)
  writeFileSync(join(device.home, ".bash_history"), "make\ngit status\n")
  await device.json(["import"])
  return device
}

const withStore = async (name: string) => {
  const device = await withHistory(name)
  const store = join(scratch.path, `${name}-store`)
  const founded = await device.json(["sync", "init", "--store", `folder:${store}`])
  return { device, store, keyFile: String(founded["keyFile"]) }
}

describe("hx doctor", { timeout: 60_000 }, () => {
  it("on a new machine finds nothing wrong, and makes nothing", async () => {
    const device = makeDevice(scratch.path, "new")
    const ran = await device.hx(["doctor"])
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    expect(ran.stdout).toMatch(/^ok +Node\.js +\d+\.\d+\.\d+$/m)
    expect(ran.stdout).toMatch(/\nNothing is wrong\.\n$/)
    expect(readdirSync(device.home)).toEqual([])
  })

  it("where all is well says so of each thing, and changes nothing", async () => {
    const { device, store } = await withStore("well")
    await device.json(["sync", "push"])
    const before = readFileSync(join(store, "vault.json"))
    const { checks, code, of } = await ask(device)
    expect(code).toBe(0)
    // What the machine of the test is like is its own affair.
    const ours = checks.filter(({ check }) => check !== "node-js" && check !== "disk")
    expect(ours.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual([
      "data-directory ok",
      "config-directory ok",
      "database-file ok",
      "keys-credentials ok",
      "settings ok",
      "variables ok",
      "completions ok",
      "database ok",
      "clock ok",
      "history-files ok",
      "store ok",
      "vault-key ok",
      "store-answers ok",
      "pending ok",
      "last-error ok"
    ])
    expect(of("pending")?.detail).toBe("nothing: all is published")
    expect(readFileSync(join(store, "vault.json"))).toEqual(before)
    expect(readdirSync(store).sort()).toEqual(
      [".~hx.lock", "manifests", "vault.json"].filter((name) => existsSync(join(store, name)))
    )
  })

  it("a history that others can write is a problem, exit 3, and its cure mends it", async () => {
    const device = await withHistory("exposed")
    const database = join(device.data, "history.db")
    chmodSync(database, 0o666)
    const exposed = await ask(device)
    expect(exposed.code).toBe(3)
    expect(exposed.of("database-file")).toMatchObject({
      outcome: "problem",
      code: 3,
      cure: expect.stringContaining(`chmod 600 ${database}`)
    })
    expect(exposed.stderr).toMatch(
      /^warn: Other users could change .*; its mode is now 0644\nAccess Denied: others can change this\n {2}.*history\.db, mode 0666\n {2}chmod 600 /
    )
    chmodSync(database, 0o600)
    chmodSync(device.data, 0o755)
    const readable = await ask(device)
    expect(readable.code).toBe(0)
    expect(readable.of("data-directory")).toMatchObject({ outcome: "warning", cure: `chmod 700 ${device.data}` })
    chmodSync(device.data, 0o777)
    expect(await ask(device)).toMatchObject({ code: 3 })
  })

  it("a key that others can read is a problem, and it is not read to find that out", async () => {
    const { device, keyFile } = await withStore("readable")
    chmodSync(keyFile, 0o644)
    const { code, of } = await ask(device, ["--offline"])
    expect(code).toBe(3)
    expect(of("keys-credentials")).toMatchObject({ outcome: "problem", detail: expect.stringContaining(keyFile) })
  })

  it("a key that is gone is a problem, exit 3", async () => {
    const { device, keyFile } = await withStore("keyless")
    rmSync(keyFile)
    const { code, of } = await ask(device, ["--offline"])
    expect(code).toBe(3)
    expect(of("vault-key")).toMatchObject({ outcome: "problem", cure: expect.stringContaining("--key-file") })
  })

  it("a damaged database is a problem, exit 5, and what needs it is not opened", async () => {
    const { device } = await withStore("damaged")
    const database = join(device.data, "history.db")
    const bytes = readFileSync(database)
    bytes.fill(0xff, 4096, statSync(database).size)
    writeFileSync(database, bytes)
    const { checks, code, of } = await ask(device)
    expect(code).toBe(5)
    expect(of("database")).toMatchObject({ outcome: "problem", detail: expect.stringContaining("damaged") })
    expect(checks.at(-1)?.check).toBe("database")
    writeFileSync(database, "no database")
    expect(await ask(device)).toMatchObject({ code: 5 })
  })

  it("settings that cannot be are a problem, exit 2; misspelt variables a warning", async () => {
    const device = await withHistory("settings")
    mkdirSync(join(device.home, ".config", "hx"), { recursive: true })
    const file = join(device.home, ".config", "hx", "config.yaml")
    writeFileSync(file, "sync:\n  timeuot: 3s\n")
    const written = await ask(device)
    expect(written.code).toBe(2)
    expect(written.of("settings")).toMatchObject({
      outcome: "problem",
      cure: expect.stringMatching(/did you mean sync\.timeout/i)
    })
    rmSync(file)
    const env = {
      HX_SYNC_TIMOUT: "3s",
      HX_SYNC_STORE: "s3://bucket?access_key=a12&secret_key=shown-nowhere&region=us-west-2"
    }
    const misspelt = await ask(device, [], env)
    expect(misspelt.code).toBe(0)
    expect(misspelt.of("variables")).toMatchObject({
      outcome: "warning",
      detail: expect.stringContaining("HX_SYNC_TIMEOUT")
    })
    expect(JSON.stringify(misspelt)).not.toContain("shown-nowhere")
    const bad = await ask(device, [], { HX_SYNC_TIMEOUT: "soon" })
    expect(bad).toMatchObject({ code: 2 })
    expect(bad.of("store")).toMatchObject({ outcome: "skipped" })
  })

  it("a store that does not answer is a problem, exit 6, unless it is left alone; the last error is told", async () => {
    const { device, store } = await withStore("unreached")
    rmSync(store, { recursive: true })
    expect((await device.hx(["sync", "push"])).code).toBe(6)
    const asked = await ask(device)
    expect(asked.code).toBe(6)
    expect(asked.of("store-answers")).toMatchObject({ outcome: "problem", code: 6 })
    const offline = await ask(device, ["--offline"])
    expect(offline.code).toBe(0)
    expect(offline.of("store-answers")).toMatchObject({ outcome: "skipped", detail: "--offline" })
    expect(offline.of("last-error")).toMatchObject({
      outcome: "warning",
      detail: expect.stringContaining("No such folder")
    })
    mkdirSync(store)
    await device.json(["sync", "push", "--force"])
    expect((await ask(device)).of("last-error")).toMatchObject({
      outcome: "ok",
      detail: expect.stringContaining("push has succeeded since")
    })
  })

  it("history files that were never imported are named", async () => {
    const device = await withHistory("files")
    const later = join(device.home, ".zsh_history")
    writeFileSync(later, ": 1700000000:0;cargo build\n")
    const before = await ask(device)
    expect(before.code).toBe(0)
    expect(before.of("history-files")).toMatchObject({ outcome: "warning", detail: `never imported: ${later}` })
    await device.json(["import"])
    writeFileSync(later, ": 1700000000:0;cargo build\n: 1700000001:0;cargo test\n")
    expect((await ask(device)).of("history-files")).toMatchObject({ outcome: "ok" })
  })

  it("completions are found where the shell finds them", async () => {
    const device = makeDevice(scratch.path, "completions")
    expect((await ask(device)).of("completions")).toMatchObject({
      outcome: "ok",
      detail: "not installed for zsh",
      cure: expect.stringContaining("hx completions zsh")
    })
    writeFileSync(join(device.home, ".zshrc"), "source <(hx completions zsh)\n")
    expect((await ask(device)).of("completions")?.detail).toBe(`zsh loads them in ${join(device.home, ".zshrc")}`)
    const fish = join(device.home, ".config", "fish", "completions")
    mkdirSync(fish, { recursive: true })
    writeFileSync(join(fish, "hx.fish"), "")
    expect((await ask(device, [], { SHELL: "/usr/bin/fish" })).of("completions")?.detail).toBe(
      `fish finds them in ${join(fish, "hx.fish")}`
    )
  })
})

effect.scoped("what has waited for a push for more than a week is worth a warning", () =>
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 5, 1))
    const device = yield* makeWorldDevice(makeWorld(), "a")
    yield* joinAll(device)
    yield* record(device, yield* live(device, "one", 1))
    const pending = syncing(true).find(({ id }) => id === "pending")
    const look = device.as(pending?.run ?? Effect.dieMessage("not looked at"))
    expect(yield* look).toMatchObject({ outcome: "ok" })
    yield* TestClock.adjust("8 days")
    expect(yield* look).toMatchObject({ outcome: "warning", cure: expect.stringContaining("hx sync") })
    yield* push(device)
    expect(yield* look).toMatchObject({ outcome: "ok", detail: "nothing: all is published" })
  })
)

it("versions of Node.js: those that hx is tested with, newer ones, and those too old for it", () => {
  expect(["20.19.0", "22.12.0", "24.1.0"].map(judgeNode)).toEqual(["tested", "tested", "tested"])
  expect(["18.20.0", "20.18.3", "22.2.0"].map(judgeNode)).toEqual(["old", "old", "old"])
  expect(["21.7.3", "26.0.0"].map(judgeNode)).toEqual(["untried", "untried"])
})
