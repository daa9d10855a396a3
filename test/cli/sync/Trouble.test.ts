import { afterAll, describe, expect, it } from "vitest"
import { spawn } from "node:child_process"
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"
import { record, rename } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const at = (name: string) => join(scratch.path, name)

/** Two devices in one vault, in a folder of their own. */
const pair = async (name: string): Promise<{ readonly store: string; readonly a: Device; readonly b: Device }> => {
  const [a, b] = [makeDevice(scratch.path, `${name}-a`), makeDevice(scratch.path, `${name}-b`)]
  const init = ["sync", "init", "--store", `folder:${at(name)}`]
  const founded = await a.json([...init, "--device", "alpha"])
  await b.json([...init, "--device", "beta"], { env: { HX_SYNC_KEY: String(founded["recoveryKey"]) } })
  return { store: at(name), a, b }
}

const manifestOf = async (store: string, device: Device): Promise<string> => {
  const { device: self } = (await device.json(["sync", "status"])) as { device: { id: string } }
  return join(store, "manifests", `${self.id}.hxm`)
}

describe("when things go wrong", { timeout: 60_000 }, () => {
  it("a store that went back is a conflict, exit 4; --force takes either side and loses nothing", async () => {
    const { a, b, store } = await pair("rollback")
    await record(a.data, ["first"])
    await a.json(["sync", "push"])
    cpSync(store, at("snapshot"), { recursive: true })
    await record(a.data, ["second"], 1_700_000_100)
    await a.json(["sync", "push"])
    await b.json(["sync", "pull"])
    rmSync(store, { recursive: true })
    cpSync(at("snapshot"), store, { recursive: true })
    await record(a.data, ["third"], 1_700_000_200)

    for (const verb of ["push", "pull"]) {
      const stopped = await a.hx(["sync", verb])
      expect(stopped).toMatchObject({ code: 4, stdout: "" })
      expect(stopped.stderr).toMatch(/^Sequence number conflict\n/)
      expect(stopped.stderr).toContain("hx sync pull --force")
      expect(stopped.stderr).toContain("hx sync push --force")
    }
    const seen = await b.hx(["sync", "pull"])
    expect(seen.code).toBe(8)
    expect(seen.stderr).toMatch(/^Completed with problems\n/)
    expect((await a.hx(["sync", "status"])).stdout).toMatch(/Last error .*Sequence number conflict/)
    expect((await a.hx(["sync", "pull", "--force"])).stdout).toContain("2 entries of this device to publish")
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 2 })
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 1, problems: [] })
  })

  it("after a store went back, hx sync push --force publishes all again, and hx sync status --detailed tells", async () => {
    const { a, b, store } = await pair("force-push")
    await record(a.data, ["first"])
    await a.json(["sync", "push"])
    cpSync(store, at("earlier"), { recursive: true })
    await record(a.data, ["second"], 1_700_000_100)
    await a.json(["sync", "push"])
    rmSync(store, { recursive: true })
    cpSync(at("earlier"), store, { recursive: true })

    expect((await a.hx(["sync", "pull"])).code).toBe(4)
    expect((await a.hx(["sync", "push", "--force"])).code).toBe(0)
    const told = await a.hx(["sync", "status", "--detailed"])
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/Last error .*Sequence number conflict/)
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 2, problems: [] })
  })

  it("a damaged manifest stops its owner with exit 5, and the guide's reset, init, pull and push mend it for all", async () => {
    const { a, b, store } = await pair("damaged")
    for (const [index, command] of ["one", "two", "three"].entries()) {
      await record(a.data, [command], 1_700_000_000 + index * 100)
      await a.json(["sync", "push"])
    }
    await b.json(["sync", "pull"])
    const manifest = await manifestOf(store, a)
    const bytes = readFileSync(manifest)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    writeFileSync(manifest, bytes)

    await record(a.data, ["four"], 1_700_000_400)
    const stopped = await a.hx(["sync", "push"])
    expect(stopped).toMatchObject({ code: 5, stdout: "" })
    expect(stopped.stderr).toMatch(/^Manifest corruption detected\n/)
    const reported = await b.hx(["sync", "pull", "--json"])
    expect(reported.code).toBe(8)
    expect(JSON.parse(reported.stdout)).toMatchObject({ problems: [{ kind: "manifest", device: "alpha" }] })

    await a.json(["sync", "reset"])
    await a.json(["sync", "init", "--store", `folder:${store}`])
    await a.json(["sync", "pull"])
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 4 })
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 1, problems: [] })
  })

  it("a push killed in the middle is completed by the next one", async () => {
    const { a, b, store } = await pair("killed")
    const settings = { HX_SYNC_SEGMENT_SIZE: "64KiB", HX_SYNC_CONCURRENT_UPLOADS: "1", HX_SYNC_COMPRESSION: "false" }
    await record(
      a.data,
      Array.from({ length: 20_000 }, (_, index) => `make target-${index} ARGUMENTS="${Math.sin(index)}"`)
    )
    const child = spawn(process.execPath, [ENTRY, "sync", "push"], { env: { ...a.env, ...settings }, stdio: "ignore" })
    const closed = new Promise((resolve) => child.on("close", resolve))
    while (segmentsIn(store) < 3 && child.exitCode === null) await setTimeout(2)
    child.kill("SIGKILL")
    await closed
    const left = segmentsIn(store)
    expect(left).toBeGreaterThanOrEqual(3)
    expect(existsSync(join(store, "manifests"))).toBe(false)

    const pushed = await a.json(["sync", "push", "--verbose"], { env: settings })
    expect(pushed).toMatchObject({ operations: 20_000 })
    const requests = pushed["requests"] as ReadonlyArray<{ operation: string; name: string }>
    const sent = requests.filter(({ name, operation }) => operation === "put" && name.startsWith("segments/"))
    // One more: the one that was under way may have arrived or not.
    expect(sent.length).toBeLessThanOrEqual(segmentsIn(store) - left + 1)
    expect(sent.length).toBeGreaterThan(0)
    expect(await b.json(["sync", "pull"])).toMatchObject({ added: 20_000, problems: [] })
  })

  it("status works without the store, says what it could not ask, and ends with 0", async () => {
    const { a, store } = await pair("offline")
    rmSync(store, { recursive: true })
    const told = await a.hx(["sync", "status", "--verbose", "--detailed"])
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/Connection +none: No such folder/)
    expect(told.stdout).toContain("What the store holds could not be asked.")
    expect(await a.json(["sync", "status"])).toMatchObject({ answer: { ok: false, error: "No such folder" } })
    expect((await a.hx(["sync", "status", "--last-sync"])).stdout).toBe("Last push  never\nLast pull  never\n")
    expect(await a.hx(["sync", "pull"])).toMatchObject({ code: 6, stdout: "" })
  })

  it("a failed push with --verbose tells its requests before it fails", async () => {
    const { a, store } = await pair("failing")
    await record(a.data, ["one"])
    rmSync(store, { recursive: true })
    writeFileSync(store, "")
    const failed = await a.hx(["sync", "push", "--verbose"])
    expect(failed.code).toBe(6)
    expect(failed.stdout).toMatch(/^Request .*\nput +manifests\//)
  })

  it("what another device calls itself never reaches the terminal raw", async () => {
    const { a, b, store } = await pair("hostile")
    await rename(a.data, "\u001B[31mevil\u202E")
    await record(a.data, ["one"])
    await a.json(["sync", "push"])
    const manifest = await manifestOf(store, a)
    const pulled = await b.hx(["sync", "pull", "--verbose"])
    writeFileSync(manifest, "x")
    const failed = await b.hx(["sync", "pull"])
    const told = await b.hx(["sync", "status", "--verbose", "--detailed"])
    expect(failed.code).toBe(8)
    for (const { stderr, stdout } of [pulled, failed, told]) expect(stdout + stderr).not.toMatch(/[\u001B\u202E]/)
    expect(failed.stdout).toContain("of \\x1b[31mevil\\u202e:")
    expect(told.stdout).toContain("\\x1b[31mevil\\u202e")
  })
})

describe("forgetting the key", { timeout: 60_000 }, () => {
  it("needs --yes where nobody can be asked, and then init needs the key again", async () => {
    const { a, store } = await pair("forget-key")
    const refused = await a.hx(["sync", "reset", "--forget-key"])
    expect(refused).toMatchObject({ code: 2, stdout: "" })
    expect(refused.stderr).toContain("--yes")
    expect(await a.json(["sync", "push"])).toMatchObject({ operations: 0 })
    expect(await a.json(["sync", "reset", "--forget-key", "--yes"])).toMatchObject({ keyForgotten: true })
    expect(readdirSync(join(a.data, "keys"))).toEqual([])
    expect((await a.hx(["sync", "init", "--store", `folder:${store}`])).code).toBe(3)
    expect((await a.hx(["sync", "key"])).code).toBe(2)
  })
})

const segmentsIn = (store: string): number => {
  const folder = join(store, "segments")
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(".hxs")).length
}
