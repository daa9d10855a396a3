import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../../scripts/S3rverServer.ts"
import { type FaultProxy, startFaultProxy } from "../../store/FaultProxy.ts"
import { makeBucket, type RealServer, realServer, urlOf } from "../../store/S3Fixture.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

interface Use {
  readonly operation: string
  readonly requests: number
  readonly failed: number
  readonly sent: number
  readonly received: number
}

interface Told {
  readonly usage: ReadonlyArray<Omit<Use, "operation"> & { unreached: number; operations: ReadonlyArray<Use> }>
  readonly cost: Record<string, unknown> & {
    total: number
    storage: { bytes: number; basis: string; dollars: number }
    writes: { requests: number; dollars: number }
    reads: { requests: number; dollars: number }
    free: { requests: number; dollars: number }
    restores: { requests: number }
    egress: { bytes: number; dollars: number }
  }
  readonly stored: {
    manifests: Holding
    segments: Holding
    devices: ReadonlyArray<{ manifests: Holding; segments: Holding }>
  }
  readonly last: Record<"push" | "pull", Record<string, unknown> | null>
  readonly lastError: Record<string, unknown> | null
  readonly devices: ReadonlyArray<Record<string, unknown>>
  readonly answer: Record<string, unknown>
}

interface Holding {
  readonly objects: number
  readonly bytes: number
}

const tellJson = async (device: Device, words: ReadonlyArray<string> = ["--detailed"], env = {}) =>
  (await device.json(["sync", "status", ...words], { env })) as unknown as Told

const joined = async (name: string, store: string, first: Device): Promise<Device> => {
  const device = makeDevice(scratch.path, name)
  const key = join(device.home, "recovery-key.txt")
  writeFileSync(key, (await first.hx(["sync", "key"])).stdout)
  await device.json(["sync", "init", "--store", store, "--key-file", key])
  return device
}

/** Lines of the text by their first words. */
const rowOf = (text: string, name: string): string =>
  text
    .split("\n")
    .find((line) => line.startsWith(`${name}  `))
    ?.slice(name.length)
    .trim() ?? ""

const real = realServer()

describe.each([{ kind: "s3rver" }, ...(real === undefined ? [] : [{ kind: "real server" }])])(
  "status over a bucket: $kind",
  { timeout: 60_000 },
  ({ kind }) => {
    let proxy: FaultProxy
    let store = ""
    let stop = async () => {}
    beforeAll(async () => {
      const server: RealServer & { readonly stop?: () => Promise<void> } =
        kind === "real server" && real !== undefined ? real : await startS3rver(["hx-status"])
      const bucket = kind === "real server" && real !== undefined ? await makeBucket(real) : "hx-status"
      proxy = await startFaultProxy(server.endpoint)
      store = urlOf({ ...server, endpoint: proxy.endpoint }, bucket, "vault")
      stop = async () => {
        await proxy.stop()
        await server.stop?.()
      }
    })
    afterAll(() => stop())

    it("counts the requests that the server saw, kind by kind, over several commands, a reset and failures", async () => {
      proxy.plan(() => undefined)
      const a = makeDevice(scratch.path, `${kind}-a`)
      await a.json(["sync", "init", "--store", store, "--device", "laptop"])
      await record(a.data, ["one", "two"])
      await a.json(["sync", "push"])
      await a.json(["sync", "push"])
      const b = await joined(`${kind}-b`, store, a)
      const byB = proxy.requests.length
      await b.json(["sync", "pull"])
      await b.json(["sync", "pull"])
      const more = proxy.requests.length - byB

      const usageA = (await tellJson(a)).usage[0]!
      const usageB = (await tellJson(b)).usage[0]!
      // Everything that passed was asked by one of the two.
      expect(usageA.requests + usageB.requests).toBe(proxy.requests.length)
      expect(more).toBe(3)
      const seen = new Map<string, number>()
      for (const { method, url } of proxy.requests) {
        const operation = operationOf(method, url)
        seen.set(operation, (seen.get(operation) ?? 0) + 1)
      }
      const summed = new Map<string, number>()
      for (const { operation, requests } of [...usageA.operations, ...usageB.operations])
        summed.set(operation, (summed.get(operation) ?? 0) + requests)
      expect(summed).toEqual(seen)
      const sent = proxy.requests
        .filter(({ method }) => method === "PUT")
        .reduce((sum, { headers }) => sum + Number(headers["content-length"] ?? 0), 0)
      expect(usageA.sent + usageB.sent).toBe(sent)

      await a.json(["sync", "reset"])
      await a.json(["sync", "init", "--store", store])
      proxy.plan(() => ({ kind: "answer", status: 403, body: DENIED }))
      expect((await a.hx(["sync", "pull"])).code).toBe(3)
      const denied = proxy.requests.length
      expect(denied).toBeGreaterThan(0)
      proxy.plan(() => undefined)
      const after = (await tellJson(a)).usage[0]!
      expect(after.failed).toBe(denied)
      expect(after.requests).toBeGreaterThan(usageA.requests + denied)
      expect(after.requests).toBe(after.operations.reduce((sum, { requests }) => sum + requests, 0))
    })

    it("is consistent: each sum is that of its lines, and costs are reckoned from the same counts", async () => {
      proxy.plan(() => undefined)
      const a = makeDevice(scratch.path, `${kind}-a`)
      const { cost, stored, usage } = await tellJson(a)
      const month = usage[0]!
      for (const field of ["requests", "failed", "sent", "received"] as const)
        expect(month[field]).toBe(month.operations.reduce((sum, use) => sum + use[field], 0))
      for (const part of ["manifests", "segments"] as const)
        for (const field of ["objects", "bytes"] as const)
          expect(stored[part][field]).toBe(stored.devices.reduce((sum, device) => sum + device[part][field], 0))
      expect(cost).toMatchObject({ estimated: true, currency: "USD", provider: "other" })
      expect(cost.storage).toMatchObject({ basis: "asked", bytes: stored.manifests.bytes + stored.segments.bytes })
      const { egress, free, reads, restores, storage, total, writes } = cost
      expect(writes.requests + reads.requests + free.requests + restores.requests).toBe(month.requests)
      expect(egress.bytes).toBe(month.received)
      expect(total).toBeCloseTo(storage.dollars + writes.dollars + reads.dollars + egress.dollars, 9)
      const dear = await tellJson(a, [], { HX_SYNC_PRICE_PUT: "1000" })
      expect(dear.cost.writes.dollars).toBe(dear.cost.writes.requests)
      expect(dear.cost.storage.basis).toBe("remembered")

      const text = (await a.hx(["sync", "status", "--detailed"])).stdout
      const dollars = /US\$\n([\s\S]*?)\ntogether +([\d.]+)\n/.exec(text)!
      const lines = dollars[1]!.split("\n").map((line) => Number(/[\d.]+$/.exec(line)?.[0]))
      expect(lines.reduce((sum, each) => sum + each, 0)).toBeCloseTo(Number(dollars[2]), 4)
      expect(text).toContain("This is not Amazon's S3")
      expect(text).toContain("as of 2026-10")
    })

    it.runIf(kind === "s3rver")(
      "waits for a server that says nothing only so long, and counts what it asked",
      async () => {
        const b = makeDevice(scratch.path, `${kind}-b`)
        proxy.plan(() => undefined)
        const before = (await tellJson(b, [])).usage[0]!
        proxy.plan(() => ({ kind: "stall" }))
        const told = await tellJson(b, ["--detailed"], { HX_SYNC_CONNECT_TIMEOUT: "1500ms" })
        expect(told).toMatchObject({ answer: { ok: false, error: "Timed out" }, stored: null })
        expect(proxy.requests).toHaveLength(1)
        expect(told.usage[0]).toMatchObject({ requests: before.requests + 1, failed: before.failed + 1 })
        proxy.plan(() => undefined)
        // And once only.
        expect((await tellJson(b, [])).usage[0]).toMatchObject({ requests: before.requests + 2 })
      }
    )

    it("works without the server, says why nothing was asked, and counts what nobody heard of apart", async () => {
      proxy.plan(() => undefined)
      const b = makeDevice(scratch.path, `${kind}-b`)
      const before = (await tellJson(b, [])).usage[0]!
      proxy.plan(() => ({ kind: "answer", status: 503, body: SLOW_DOWN }))
      const slow = await b.hx(["sync", "status", "--detailed"], {
        env: { HX_SYNC_MAX_RETRIES: "1", HX_SYNC_RETRY_DELAY: "1ms" }
      })
      expect(slow.code).toBe(0)
      expect(rowOf(slow.stdout, "Connection")).toMatch(/^none: Throttled/)
      expect(slow.stdout).toContain("What the store holds could not be asked.")
      await stop()
      stop = async () => {}
      const gone = await b.hx(["sync", "status", "--detailed"])
      expect(gone).toMatchObject({ code: 0, stderr: "" })
      expect(rowOf(gone.stdout, "Connection")).toMatch(/^none: Connection refused/)
      expect(rowOf(gone.stdout, "Last pull")).toMatch(/^(just now|\d+ (s|min) ago) \(/)
      const told = await tellJson(b)
      expect(told.answer).toMatchObject({ ok: false, error: "Connection refused" })
      expect(told).toMatchObject({ stored: null, devices: [{ listed: null, lag: 0 }] })
      expect(told.usage[0]).toMatchObject({ requests: before.requests + 2, failed: before.failed + 2 })
      expect(told.usage[0]!.unreached).toBeGreaterThan(before.unreached)
      const storage = await b.json(["status", "--storage"])
      expect(storage).toMatchObject({ stored: null, storedError: expect.stringContaining("Connection refused") })
      expect((await b.hx(["sync", "pull"])).code).toBe(6)
      const failed = await b.hx(["sync", "status"])
      expect(rowOf(failed.stdout, "Last error")).toMatch(
        /^(just now|\d+ (s|min) ago) \(.*\), on pull: Connection refused \[network\]: /
      )
      expect(rowOf(failed.stdout, "Last pull")).toMatch(
        /^failed (just now|\d+ (s|min) ago) \(see the last error\); before that /
      )
    })
  }
)

describe("status over a folder", { timeout: 60_000 }, () => {
  it("tells what push and pull did, when, and in which words they failed, also after they succeed again", async () => {
    const store = join(scratch.path, "store")
    const a = makeDevice(scratch.path, "folder-a")
    await a.json(["sync", "init", "--store", `folder:${store}`, "--device", "laptop"])
    const b = await joined("folder-b", `folder:${store}`, a)
    await record(a.data, ["one", "two"])
    expect(rowOf((await a.hx(["sync", "status"])).stdout, "Pending")).toBe("2 entries: hx sync push")
    await a.json(["sync", "push"])
    const both = await a.hx(["sync", "status", "--last-sync", "--detailed"])
    expect(both).toMatchObject({ code: 2, stdout: "" })
    expect(both.stderr).toContain("do not go together")
    const [pushed = "", never = ""] = (await a.hx(["sync", "status", "--last-sync"])).stdout.split("\n")
    expect(pushed).toMatch(/^Last push {2}(just now|\d+ (?:s|min) ago) \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\): 2 entries$/)
    expect(never).toBe("Last pull  never")
    expect(rowOf((await b.hx(["sync", "status"])).stdout, "Behind")).toBe("1 device not pulled yet: hx sync pull")
    expect(rowOf((await b.hx(["sync", "status"])).stdout, "Verified")).toBe("never")
    expect(await b.json(["sync", "status"])).toMatchObject({ lastVerify: null, versionsLeft: null })
    await b.json(["sync", "verify"])
    expect(rowOf((await b.hx(["sync", "status"])).stdout, "Verified")).toMatch(/: 2 objects, all well$/)
    expect(await b.json(["sync", "status"])).toMatchObject({ lastVerify: { repair: false, objects: 2, problems: 0 } })
    await b.json(["sync", "pull"])
    const verbose = (await b.hx(["sync", "status", "--verbose"])).stdout
    expect(rowOf(verbose, "Last pull")).toMatch(/: 2 new entries from 1 device$/)
    expect(verbose).toMatch(/\nlaptop +[0-9a-f]{32} +2 +.* +nothing +up to date\n/)
    expect(verbose).toMatch(/\nmanifests +1 +0 +0\n/)

    const [manifest = ""] = readdirSync(join(store, "manifests"))
    const good = readFileSync(join(store, "manifests", manifest))
    writeFileSync(join(store, "manifests", manifest), "damaged")
    expect((await b.hx(["sync", "pull"])).code).toBe(8)
    const bad = await b.hx(["sync", "status", "--verbose"])
    expect(rowOf(bad.stdout, "Last pull")).toMatch(/: nothing was new; 1 object could not be used$/)
    expect(rowOf(bad.stdout, "Problem")).toMatch(/^laptop: /)
    expect(bad.stdout).toContain(`Not used: manifests/${manifest} of laptop: `)

    expect((await a.hx(["sync", "pull"])).code).toBe(5)
    const failed = (await tellJson(a)).lastError
    expect(failed).toMatchObject({
      during: "pull",
      what: "Manifest corruption detected",
      category: "corruption",
      code: 5,
      over: false
    })
    writeFileSync(join(store, "manifests", manifest), good)
    expect((await a.hx(["sync", "pull", "--force"])).code).toBe(0)
    expect((await tellJson(a)).lastError).toMatchObject({ code: 5, over: true })
    expect(rowOf((await a.hx(["sync", "status"])).stdout, "Last error")).toMatch(/; pull has succeeded since$/)
    expect((await b.hx(["sync", "pull"])).code).toBe(0)
    expect(rowOf((await b.hx(["sync", "status"])).stdout, "Problem")).toBe("")
  })

  it("says that clocks differ where another device's is ahead, and reckons nothing from it", async () => {
    const store = `folder:${join(scratch.path, "clocks")}`
    const a = makeDevice(scratch.path, "clock-a")
    await a.json(["sync", "init", "--store", store, "--device", "ahead"], { env: AHEAD })
    const b = await joined("clock-b", store, a)
    await record(a.data, ["one"])
    await a.json(["sync", "push"], { env: AHEAD })
    await b.json(["sync", "pull"])
    const told = (await b.hx(["sync", "status", "--verbose"])).stdout
    expect(told).toMatch(/\nahead .* \(clock differs\) /)
    expect((await tellJson(b)).devices).toMatchObject([{ label: "ahead", clockDiffers: true }])
    // Its own clock was set back: what it did itself lies ahead too.
    expect(rowOf((await a.hx(["sync", "status"])).stdout, "Last push")).toMatch(/\(clock differs\): 1 entry$/)
  })

  it("costs nothing that hx knows of", async () => {
    const a = makeDevice(scratch.path, "folder-a")
    expect((await tellJson(a, [])).cost).toEqual({ estimated: false, total: 0 })
    expect((await a.hx(["sync", "status", "--detailed"])).stdout).toContain("a folder costs nothing that hx knows of")
  })
})

describe("hx status", { timeout: 60_000 }, () => {
  it("names the device as it will be called, and tells no more of capture and sync than is true", async () => {
    const device = makeDevice(scratch.path, "fresh")
    const lines = (await device.hx(["status"])).stdout.trimEnd().split("\n")
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["History", "Database", "Device", "Capture", "Sync"])
    expect(lines[2]).toContain(`${hostname()} `)
    const { device: before } = (await device.json(["status"])) as { device: { name: string; label: string } }
    expect(before).toMatchObject({ name: hostname(), label: "" })
    await device.json(["sync", "init"])
    const { device: after } = (await device.json(["status"])) as { device: { name: string; label: string } }
    expect(after.label).toBe(before.name)
  })

  it("--storage tells every byte of the database once, and what the store holds", async () => {
    const a = makeDevice(scratch.path, "folder-a")
    const told = (await a.json(["status", "--storage"])) as unknown as {
      database: { bytes: number }
      tables: Record<string, number>
      storage: ReadonlyArray<{ kind: string; bytes: number }>
      stored: { manifests: Holding }
    }
    expect(Object.values(told.tables).reduce((sum, bytes) => sum + bytes, 0)).toBe(told.database.bytes)
    expect(told.tables["fullText"]).toBeGreaterThan(0)
    expect(told.stored).toMatchObject({ manifests: { objects: 1 } })
    const text = (await a.hx(["status", "--storage"])).stdout
    expect(text).toMatch(/\nIndex of words +\d/)
    expect(text).toMatch(/\nmanifests +1 +\d/)
  })
})

/** Ten days ahead. */
const AHEAD = {
  NODE_OPTIONS: `--require ${fileURLToPath(new URL("../SkewedClock.cjs", import.meta.url))}`,
  HX_TEST_CLOCK_OFFSET: String(10 * 86_400_000)
}

const DENIED = `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`
const SLOW_DOWN = `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>wait</Message></Error>`

const operationOf = (method: string, url: string): string => {
  const query = new URL(url, "http://server").searchParams
  if (method === "GET") return query.has("list-type") ? "list" : "get"
  return method.toLowerCase()
}
