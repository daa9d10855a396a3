import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const store = `folder:${join(scratch.path, "store")}`
let key = ""
beforeAll(async () => {
  const first = makeDevice(scratch.path, "first")
  key = String((await first.json(["sync", "init", "--store", store]))["recoveryKey"])
}, 60_000)

/** util-linux's script(1) gives a program a terminal; others of that name take other options. */
const scriptWorks = spawnSync("script", ["-qec", "true", "/dev/null"], { stdio: "ignore" }).status === 0

/** Runs hx on a terminal, types an answer once the question is there, and gives the exit code and what the terminal showed. */
const onTerminal = (device: Device, words: ReadonlyArray<string>, question: string, answer: string) =>
  new Promise<{ readonly code: number | null; readonly shown: string }>((resolve) => {
    const line = [process.execPath, ENTRY, ...words].map((word) => `'${word}'`).join(" ")
    const child = spawn("script", ["-qec", line, "/dev/null"], { env: device.env })
    let shown = ""
    let asked = false
    child.stdout.on("data", (chunk: Buffer) => {
      shown += chunk.toString("utf8")
      if (asked || !shown.includes(question)) return
      asked = true
      child.stdin.write(answer)
    })
    child.on("close", (code) => resolve({ code, shown }))
  })

describe.skipIf(!scriptWorks)("on a terminal", { timeout: 60_000 }, () => {
  const init = ["sync", "init", "--store", store]
  const QUESTION = "not shown while you type: "

  it("init asks for the recovery key, does not show it, and joins", async () => {
    const device = makeDevice(scratch.path, "asked")
    const joined = await onTerminal(device, init, QUESTION, `${key}\r`)
    expect(joined.code).toBe(0)
    expect(joined.shown).toContain("Joined the vault")
    expect(joined.shown).not.toContain(key)
  })

  it("a wrong answer, an empty one and Ctrl-C each leave nothing behind", async () => {
    const device = makeDevice(scratch.path, "hesitant")
    const wrong = await onTerminal(device, init, QUESTION, "hx1nonsense\r")
    expect(wrong.code).toBe(3)
    expect(wrong.shown).toContain("Wrong vault key")
    expect((await onTerminal(device, init, QUESTION, "\r")).code).toBe(3)
    const interrupted = await onTerminal(device, init, QUESTION, "\u0003")
    expect(interrupted.code).toBe(130)
    expect(interrupted.shown).toContain("Interrupted")
    expect(existsSync(join(device.data, "keys"))).toBe(false)
  })

  it("reset --forget-key asks, and a no changes nothing", async () => {
    const device = makeDevice(scratch.path, "asked")
    const words = ["sync", "reset", "--forget-key"]
    expect(await onTerminal(device, words, "[y/N] ", "\r")).toMatchObject({
      code: 0,
      shown: expect.stringContaining("Nothing was forgotten.") as string
    })
    expect((await device.json(["sync", "key"]))["recoveryKey"]).toBe(key)
    expect((await onTerminal(device, words, "[y/N] ", "y\r")).shown).toContain("Forgot the vault's key")
    expect((await device.hx(["sync", "key"])).code).toBe(2)
  })
})
