/** What shells have written gets into the history once, whatever happens meanwhile, and leaves the spool only after. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll } from "vitest"
import { encodeRecord } from "../../src/capture/SpoolFormat.ts"
import type { SpoolRecord } from "../../src/capture/SpoolRecord.ts"
import { acquireLock } from "../../src/platform/FileLock.ts"
import { type Device, ENTRY, makeDevice, makeScratch } from "../cli/Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

let devices = 0
const newDevice = () => makeDevice(scratch.path, `device-${++devices}`)

const T0 = 1_790_000_000_000_000
const SESSION = "1790000000000000-999999999-1"

const begin = (counter: number, command: string, session = SESSION): SpoolRecord => ({
  kind: "begin",
  session,
  counter,
  start: T0 + counter * 1_000_000,
  command,
  cwd: "/home/me/work",
  host: "laptop",
  user: "me",
  shell: "zsh"
})

const end = (counter: number, exit: number, session = SESSION): SpoolRecord => ({
  kind: "end",
  session,
  counter,
  start: T0 + counter * 1_000_000,
  exit,
  duration: 250_000
})

const bytesOf = (...records: ReadonlyArray<SpoolRecord>) => Buffer.concat(records.map((each) => encodeRecord(each)))

const spoolOf = (device: Device) => join(device.data, "spool")

const write = (device: Device, bytes: Uint8Array, session = SESSION) => {
  mkdirSync(spoolOf(device), { recursive: true, mode: 0o700 })
  writeFileSync(join(spoolOf(device), `${session}.spool`), bytes, { flag: "a", mode: 0o600 })
}

const entries = async (device: Device) =>
  (
    (await device.json(["find", "--limit", "0"])) as {
      entries: ReadonlyArray<{ command: string; exit: number | null; duration: number | null }>
    }
  ).entries.map(({ command, duration, exit }) => ({ command, exit, duration }))

/** As if a minute had passed. */
const age = (device: Device) => {
  for (const name of readdirSync(spoolOf(device)).filter((each) => each.endsWith(".taken"))) {
    utimesSync(join(spoolOf(device), name), 1_600_000_000, 1_600_000_000)
  }
}

const left = (device: Device) =>
  readdirSync(spoolOf(device), { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => readFileSync(join(each.parentPath, each.name)).toString("latin1"))

describe("taking in what shells have recorded", { timeout: 60_000 }, () => {
  it("is done by the next command, which finds it; what was read is wiped at once, and its file goes a minute later", async () => {
    const device = newDevice()
    write(device, bytesOf(begin(1, "make test"), end(1, 2), begin(2, "vim notes")))
    expect(await entries(device)).toEqual([
      { command: "vim notes", exit: null, duration: null },
      { command: "make test", exit: 2, duration: 0.25 }
    ])
    expect(
      left(device)
        .join("")
        .replaceAll(/[\0\n]/g, "")
    ).toBe("")
    expect(readdirSync(spoolOf(device))).toHaveLength(1)
    age(device)
    await device.json(["ingest"])
    expect(readdirSync(spoolOf(device))).toEqual([])
  })

  it("finishes a command that was taken in while it ran", async () => {
    const device = newDevice()
    write(device, bytesOf(begin(1, "sleep 60")))
    expect(await device.json(["ingest"])).toMatchObject({ added: 1, finished: 0 })
    write(device, bytesOf(end(1, 130)))
    expect(await device.json(["ingest"])).toMatchObject({ added: 0, finished: 1 })
    expect(await entries(device)).toEqual([{ command: "sleep 60", exit: 130, duration: 0.25 }])
  })

  it("adds nothing when the same records are there again, nor what was forgotten", async () => {
    const device = newDevice()
    const bytes = bytesOf(begin(1, "echo kept"), end(1, 0), begin(2, "echo gone"), end(2, 0))
    write(device, bytes)
    await device.json(["ingest"])
    await device.json(["forget", "--match", "echo gone", "--yes"])
    write(device, bytes)
    expect(await device.json(["ingest"])).toMatchObject({ added: 0, finished: 0 })
    expect((await entries(device)).map(({ command }) => command)).toEqual(["echo kept"])
  })

  it("reads what a shell still writes to a file that was renamed under it", async () => {
    const device = newDevice()
    write(device, bytesOf(begin(1, "echo one")))
    await device.json(["ingest"])
    const [taken = ""] = readdirSync(spoolOf(device))
    writeFileSync(join(spoolOf(device), taken), bytesOf(end(1, 0), begin(2, "echo late")), { flag: "a" })
    age(device)
    await device.json(["ingest"])
    expect((await entries(device)).map(({ command }) => command)).toEqual(["echo late", "echo one"])
  })

  it("waits for the rest of a torn record, puts it aside when none comes, and reads all others", async () => {
    const device = newDevice()
    const torn = bytesOf(begin(3, "echo torn")).subarray(0, 60)
    write(
      device,
      Buffer.concat([bytesOf(begin(1, "echo one")), Buffer.from("noise"), bytesOf(begin(2, "echo two")), torn])
    )
    expect(await device.json(["ingest"])).toMatchObject({ added: 2, quarantined: 1 })
    expect(left(device).some((text) => text.includes("hx1 b"))).toBe(true)
    age(device)
    expect(await device.json(["ingest"])).toMatchObject({ added: 0, quarantined: 1 })
    expect(readdirSync(join(spoolOf(device), "quarantine"))).toHaveLength(2)
    expect((await entries(device)).map(({ command }) => command)).toEqual(["echo two", "echo one"])
  })

  it("keeps out what the settings say", async () => {
    const device = newDevice()
    mkdirSync(join(device.home, ".config", "hx"), { recursive: true })
    writeFileSync(
      join(device.home, ".config", "hx", "config.yaml"),
      'capture:\n  ignore: ["pass *", "ls"]\n  ignore_directories: ["~/private"]\n'
    )
    write(device, bytesOf(begin(1, "pass show bank"), end(1, 0), begin(2, "ls"), begin(3, "ls -l")))
    const elsewhere = { ...begin(4, "echo private"), cwd: join(device.home, "private", "deep") }
    write(device, bytesOf(elsewhere as SpoolRecord))
    expect(await device.json(["ingest"])).toMatchObject({ added: 1, ignored: 3 })
    expect((await entries(device)).map(({ command }) => command)).toEqual(["ls -l"])
    expect(left(device).join("")).not.toContain("bank")
  })

  it.scopedLive(
    "lets a search go on while another hx is at work; a backup and what forgets wait for it, or say what they may lack",
    () =>
      Effect.gen(function* () {
        const device = newDevice()
        const hx = (...words: ReadonlyArray<string>) => Effect.promise(() => device.hx(words))
        yield* hx("status")
        write(device, bytesOf(begin(1, "echo s3cret")))
        const held = yield* Effect.fork(
          Effect.scoped(Effect.zipRight(acquireLock(join(device.data, "lock"), 0), Effect.never))
        )
        yield* Effect.sleep("100 millis")
        expect((yield* hx("find")).stdout).toBe("")
        const [forgotten] = yield* Effect.all(
          [hx("forget", "--match", "s3cret", "--yes", "--json"), Effect.delay(Fiber.interrupt(held), "2 seconds")],
          { concurrency: 2 }
        )
        expect(JSON.parse(forgotten.stdout)).toMatchObject({ removed: 1 })
        expect((yield* hx("find")).stdout).toBe("")
        // What another hx has taken out of the spool, and not yet put into the history, is no less to be waited for.
        writeFileSync(join(spoolOf(device), `${SESSION}.1.taken`), bytesOf(begin(2, "echo late")))
        yield* acquireLock(join(device.data, "lock"), 0)
        const { code, stderr } = yield* hx("export", "--file", "-", "--format", "jsonl")
        expect(code).toBe(0)
        expect(stderr).toContain("What shells have just recorded is not in the history yet")
      })
  )

  it("leaves the spool as it is where the database is damaged, and says nothing in the background", async () => {
    const device = newDevice()
    await device.json(["status"])
    writeFileSync(join(device.data, "history.db"), "no database at all, but long enough to look at: ".repeat(100))
    write(device, bytesOf(begin(1, "echo kept")))
    expect(await device.hx(["ingest", "--background"])).toMatchObject({ code: 0, stdout: "", stderr: "" })
    expect(left(device).join("")).toContain("echo kept")
  })

  it("takes in each record once, however many do it at the same time, killed or not", async () => {
    const device = newDevice()
    const sessions = Array.from({ length: 10 }, (_, index) => `1790000000000000-99999999${index}-1`)
    for (const session of sessions) {
      write(
        device,
        bytesOf(...Array.from({ length: 200 }, (_, index) => begin(index + 1, `echo ${session} ${index}`, session))),
        session
      )
    }
    const running = sessions.map(
      (_, index) =>
        new Promise<void>((done) => {
          const child = spawn(process.execPath, [ENTRY, "ingest", "--background"], { env: device.env, stdio: "ignore" })
          if (index % 2 === 0) setTimeout(() => child.kill("SIGKILL"), 150 + index * 40)
          child.on("close", () => done())
        })
    )
    await Promise.all(running)
    await device.json(["ingest"])
    const found = (await entries(device)).map(({ command }) => command)
    expect(found).toHaveLength(2_000)
    expect(new Set(found).size).toBe(2_000)
  })

  it("syncs in the background where an interval is set: a command is on another device after one run on each", async () => {
    const [a, b] = [newDevice(), newDevice()]
    const url = `folder:${join(scratch.path, "store")}`
    const { recoveryKey } = (await a.json(["sync", "init", "--store", url])) as { recoveryKey: string }
    await b.json(["sync", "init", "--store", url], { env: { HX_SYNC_KEY: recoveryKey } })
    write(a, bytesOf(begin(1, "echo from a"), end(1, 0)))
    const run = { env: { HX_SYNC_INTERVAL: "1h" } }
    expect(await a.hx(["ingest", "--background"])).toMatchObject({ code: 0, stdout: "", stderr: "" })
    expect(await a.json(["sync", "status"])).toMatchObject({ lastPush: null })
    for (const device of [a, b])
      expect(await device.hx(["ingest", "--background"], run)).toMatchObject({ code: 0, stdout: "", stderr: "" })
    expect((await entries(b)).map(({ command }) => command)).toEqual(["echo from a"])
    // Not due again before the hour is over.
    write(a, bytesOf(begin(2, "echo later"), end(2, 0)))
    await a.hx(["ingest", "--background"], run)
    expect(await a.json(["sync", "status"])).toMatchObject({ pending: { entries: 1 } })
  })
})
