/** What each HX_SYNC_* variable changes, seen from the other end: by a server, by what is stored, by when connections end. */

import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type S3rverServer, startS3rver } from "../../../scripts/S3rverServer.ts"
import { type FaultProxy, s3Error, startFaultProxy } from "../../store/FaultProxy.ts"
import { type Device, ENTRY, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"
import { startTurnstile, type Turnstile } from "./Turnstile.ts"

const KIB = 1024
const MIB = 1024 * KIB

const scratch = makeScratch()
const at = (name: string) => join(scratch.path, name)
let server: S3rverServer
beforeAll(async () => {
  server = await startS3rver(["tuning"])
})
afterAll(async () => {
  await server.stop()
  scratch.remove()
})

const url = (endpoint: string, prefix: string) =>
  `s3://tuning/${prefix}?endpoint=${endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`

/** Commands that no two are alike, about 1 KiB each. */
const commands = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `make target-${index} ARGUMENTS="${String(Math.sin(index)).repeat(50)}"`)

/** A device in a vault of its own under this prefix, with this history. */
const publisher = async (prefix: string, history: ReadonlyArray<string>, endpoint = server.endpoint) => {
  const device = makeDevice(scratch.path, prefix)
  await device.json(["sync", "init", "--no-encrypt", "--store", url(endpoint, prefix)])
  await record(device.data, history)
  return device
}

/** Bytes of the bodies of what was put under this prefix: segments and parts of them. */
const puts = (prefix: string, kind = "segments"): ReadonlyArray<{ readonly target: string; readonly bytes: number }> =>
  server.requests
    .filter(({ method, target }) => method === "PUT" && target.startsWith(`/tuning/${prefix}/${kind}/`))
    .map(({ received, target }) => ({ target, bytes: received }))

const push = (device: Device, env: Readonly<Record<string, string>>) => device.json(["sync", "push"], { env })

const SMALL = { HX_SYNC_SEGMENT_SIZE: "64KiB", HX_SYNC_COMPRESSION: "false" }

describe("how many objects move at once", { timeout: 60_000 }, () => {
  let turnstile: Turnstile
  beforeAll(async () => {
    turnstile = await startTurnstile(server.endpoint)
  })
  afterAll(() => turnstile.stop())

  it("up is what HX_SYNC_CONCURRENT_UPLOADS says, 3 by default", async () => {
    const device = await publisher("up", commands(600), turnstile.endpoint)
    turnstile.hold(/^PUT .*\/segments\//, 5)
    await push(device, { ...SMALL, HX_SYNC_CONCURRENT_UPLOADS: "5" })
    expect(puts("up").length).toBeGreaterThan(10)
    expect(turnstile.most()).toBe(5)
  })

  it("down is what HX_SYNC_CONCURRENT_DOWNLOADS says, 8 by default", async () => {
    const reader = makeDevice(scratch.path, "down")
    await reader.json(["sync", "init", "--no-encrypt", "--store", url(turnstile.endpoint, "up")])
    turnstile.hold(/^GET .*\/segments\//, 4)
    const env = { HX_SYNC_CONCURRENT_DOWNLOADS: "4" }
    expect(await reader.json(["sync", "pull"], { env })).toMatchObject({ added: 600 })
    expect(turnstile.most()).toBe(4)
  })
})

describe("how history is cut and packed", { timeout: 60_000 }, () => {
  it("HX_SYNC_COMPRESSION=false stores it at its own size, true at a fraction of it", async () => {
    const stored = async (compression: string) => {
      const prefix = `compression-${compression}`
      await push(await publisher(prefix, commands(400)), { HX_SYNC_COMPRESSION: compression })
      return [...puts(prefix), ...puts(prefix, "manifests")].reduce((sum, { bytes }) => sum + bytes, 0)
    }
    const text = commands(400).join("").length
    expect(await stored("false")).toBeGreaterThan(text)
    expect(await stored("true")).toBeLessThan(text / 2)
  })

  it("HX_SYNC_SEGMENT_SIZE bounds every segment, smaller ones are more, and none goes up twice", async () => {
    const sizes = { "64KiB": 64 * KIB, "512KiB": 512 * KIB }
    const counts: Array<number> = []
    for (const [size, bytes] of Object.entries(sizes)) {
      const device = await publisher(`segment-${size}`, commands(800))
      const env = { HX_SYNC_SEGMENT_SIZE: size, HX_SYNC_COMPRESSION: "false" }
      await push(device, env)
      const sent = puts(`segment-${size}`)
      expect(Math.max(...sent.map((put) => put.bytes))).toBeLessThanOrEqual(bytes)
      counts.push(sent.length)
      await record(device.data, ["one more"], 1_800_000_000)
      await push(device, env)
      expect(puts(`segment-${size}`)).toHaveLength(sent.length)
    }
    const [small = 0, large = 0] = counts
    expect(large).toBeGreaterThan(1)
    expect(small).toBeGreaterThan(3 * large)
  })

  it("both hold for folders too, where nothing goes up in parts", async () => {
    const device = makeDevice(scratch.path, "folder")
    await device.json(["sync", "init", "--no-encrypt", "--store", `folder:${at("store")}`])
    await record(device.data, commands(400))
    const pushed = await device.json(["sync", "push", "--verbose"], { env: { ...SMALL, HX_SYNC_PART_SIZE: "5MiB" } })
    const sizes = readdirSync(join(at("store"), "segments"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
    expect(sizes.length).toBeGreaterThan(6)
    // What follows the last segment is in the manifest.
    expect(sizes.reduce((sum, size) => sum + size, 64 * KIB)).toBeGreaterThan(commands(400).join("").length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * KIB)
    expect(pushed["segments"]).toBe(sizes.length)
  })

  it("objects over HX_SYNC_PART_SIZE go up in parts of that size", async () => {
    const large = Array.from(
      { length: 240 },
      (_, index) => `echo ${String.fromCharCode(97 + (index % 26)).repeat(50_000)}${index}`
    )
    const device = await publisher("parts", large)
    const parts = async (size: string) => {
      const prefix = `part-${size}`
      await device.json(["sync", "init", "--no-encrypt", "--store", server.storeUrl("tuning", prefix)])
      await push(device, { HX_SYNC_PART_SIZE: size, HX_SYNC_SEGMENT_SIZE: "32MiB", HX_SYNC_COMPRESSION: "false" })
      const sent = puts(prefix)
      expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(11 * MIB)
      return sent.filter(({ target }) => target.includes("partNumber=")).map(({ bytes }) => Math.ceil(bytes / MIB))
    }
    expect(await parts("8MiB")).toEqual([8, 4])
    expect(await parts("16MiB")).toEqual([])
  })
})

describe("how patient hx is", { timeout: 60_000 }, () => {
  let proxy: FaultProxy
  beforeAll(async () => {
    proxy = await startFaultProxy(server.endpoint)
  })
  beforeEach(() => proxy.plan(() => undefined))
  afterAll(() => proxy.stop())

  const asked = makeDevice(scratch.path, "patience")
  const init = (env: Readonly<Record<string, string>>) =>
    asked.hx(["sync", "init", "--store", url(proxy.endpoint, "patience")], { env })

  it("HX_SYNC_MAX_RETRIES more requests follow one that failed in passing, 5 by default", async () => {
    proxy.plan(() => ({ kind: "answer", status: 503, body: s3Error("SlowDown") }))
    const quick = { HX_SYNC_RETRY_DELAY: "1ms", HX_SYNC_MAX_RETRY_DELAY: "1ms" }
    const ran = await init({ ...quick, HX_SYNC_MAX_RETRIES: "3" })
    expect(ran.code).toBe(6)
    expect(ran.stderr).toMatch(/^Throttled\n/)
    expect(proxy.requests).toHaveLength(4)
  })

  it("HX_SYNC_RETRY_DELAY passes before the first of them, HX_SYNC_MAX_RETRY_DELAY at most", async () => {
    const gap = async (env: Readonly<Record<string, string>>) => {
      const times: Array<number> = []
      proxy.plan(() => {
        times.push(performance.now())
        return { kind: "answer", status: 503, body: s3Error("SlowDown") }
      })
      await init({ HX_SYNC_MAX_RETRIES: "1", ...env })
      expect(times).toHaveLength(2)
      return (times[1] ?? 0) - (times[0] ?? 0)
    }
    // Less up to a half, so that devices which failed together do not return together.
    expect(await gap({ HX_SYNC_RETRY_DELAY: "1500ms" })).toBeGreaterThan(700)
    expect(await gap({ HX_SYNC_RETRY_DELAY: "10m", HX_SYNC_MAX_RETRY_DELAY: "1ms" })).toBeLessThan(20_000)
  })

  /** Listens, says nothing, and tells how long each connection stood. */
  const silentServer = async () => {
    const lasted: Array<number> = []
    const listener = createServer((socket) => {
      const began = performance.now()
      socket.on("error", () => undefined)
      socket.resume()
      socket.on("close", () => lasted.push(performance.now() - began))
    })
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
    return { port: (listener.address() as AddressInfo).port, lasted, stop: () => void listener.close() }
  }

  it("HX_SYNC_TIMEOUT ends a request that stands still, not before", async () => {
    const silent = await silentServer()
    for (const [value, millis] of [
      ["200ms", 200],
      ["1s500ms", 1_500]
    ] as const) {
      const env = { HX_SYNC_TIMEOUT: value, HX_SYNC_MAX_RETRIES: "0" }
      const ran = await asked.hx(["sync", "init", "--store", url(`127.0.0.1:${silent.port}`, "silence")], { env })
      expect(ran.code).toBe(6)
      expect(ran.stderr).toMatch(/^Timed out\n/)
      // A timer may run a little early.
      expect(silent.lasted.at(-1)).toBeGreaterThan(millis - 50)
    }
    expect(silent.lasted).toHaveLength(2)
    silent.stop()
  })

  it.runIf(process.platform === "linux")("HX_SYNC_CONNECT_TIMEOUT ends a connection that nobody takes", async () => {
    const dropping = await droppingServer()
    const store = url(`127.0.0.1:${dropping.port}`, "dropped")
    const env = { HX_SYNC_TIMEOUT: "10m", HX_SYNC_MAX_RETRIES: "0" }
    const patient = spawn(process.execPath, [ENTRY, "sync", "init", "--store", store], {
      env: { ...makeDevice(scratch.path, "patient").env, ...env, HX_SYNC_CONNECT_TIMEOUT: "10m" },
      stdio: "ignore"
    })
    const ran = await asked.hx(["sync", "init", "--store", store], {
      env: { ...env, HX_SYNC_CONNECT_TIMEOUT: "200ms" }
    })
    expect(ran.code).toBe(6)
    expect(ran.stderr).toMatch(/^Timed out\n/)
    expect(patient.exitCode).toBeNull()
    patient.kill("SIGKILL")
    dropping.stop()
  })

  /** An address that drops packets: a process that listens and never accepts, whose queue is full. */
  const droppingServer = async () => {
    const script = `require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
      require("fs").writeSync(1, String(this.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] })
    const port = await new Promise<number>((resolve) => child.stdout.once("data", (data) => resolve(Number(data))))
    const fillers: Array<Socket> = []
    // Until one is not let in any more.
    for (let full = false; !full;) {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined)
      fillers.push(socket)
      full = await new Promise((resolve) => {
        socket.once("connect", () => resolve(false))
        // A connection that stands by now is heard of before the immediate.
        setTimeout(() => setImmediate(() => resolve(true)), 500)
      })
    }
    return {
      port,
      stop: () => {
        for (const socket of fillers) socket.destroy()
        child.kill("SIGKILL")
      }
    }
  }
})

describe("where the store and the keys come from", { timeout: 60_000 }, () => {
  const vault = { store: "", key: "" }
  const file = (name: string, text: string): string => {
    writeFileSync(at(name), text)
    return at(name)
  }
  beforeAll(async () => {
    vault.store = server.storeUrl("tuning", "keys")
    const env = { HX_SYNC_STORE: vault.store, HX_SYNC_PASSPHRASE_FILE: file("passphrase", "open sesame to me\n") }
    const founded = await makeDevice(scratch.path, "founder").json(["sync", "init"], { env })
    expect(founded).toMatchObject({ outcome: "founded", encrypted: true })
    expect(String(founded["store"])).toMatch(/^s3:\/\/tuning\/keys /)
    vault.key = String(founded["recoveryKey"])
  }, 60_000)

  const joined = { outcome: "joined", recoveryKey: null }
  it("HX_SYNC_STORE is what init uses without --store: the vault stands there", () => {
    const created = server.requests.find(
      ({ method, target }) => method === "PUT" && target === "/tuning/keys/vault.json?x-id=PutObject"
    )
    expect(created?.status).toBe(200)
  })

  it.each([
    [
      "HX_SYNC_KEY_FILE, rather than HX_SYNC_KEY",
      () => ({ HX_SYNC_KEY_FILE: file("key", vault.key), HX_SYNC_KEY: "hx1wrong" })
    ],
    [
      "HX_SYNC_PASSPHRASE_FILE, rather than HX_SYNC_PASSPHRASE",
      () => ({ HX_SYNC_PASSPHRASE_FILE: at("passphrase"), HX_SYNC_PASSPHRASE: "wrong" })
    ],
    ["HX_SYNC_KEY", () => ({ HX_SYNC_KEY: vault.key })],
    ["HX_SYNC_PASSPHRASE", () => ({ HX_SYNC_PASSPHRASE: "open sesame to me" })]
  ])("%s opens the vault", async (name, env) => {
    const device = makeDevice(scratch.path, `by ${name}`)
    expect(await device.json(["sync", "init"], { env: { HX_SYNC_STORE: vault.store, ...env() } })).toMatchObject(joined)
  })

  it("config.yaml can name the store and the file too", async () => {
    const device = makeDevice(scratch.path, "by-file")
    mkdirSync(join(device.home, ".config", "hx"), { recursive: true })
    const lines = ["sync:", `  store: "${vault.store}"`, "  key_file: ~/my-key", ""]
    writeFileSync(join(device.home, ".config", "hx", "config.yaml"), lines.join("\n"))
    writeFileSync(join(device.home, "my-key"), vault.key)
    expect(await device.json(["sync", "init"])).toMatchObject(joined)
  })
})
