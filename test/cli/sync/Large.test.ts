/**
 * Histories of several segments, each of several parts, on the built program: killed, throttled, interrupted, over a slow link. What came through is
 * counted on the way to the store. `npm run large` does the same with a million entries and a real server.
 */

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Shown, lastBar } from "../../../scripts/large/Bars.ts"
import { copyDevice, type Ended, type LargeDevice, openDevice, type Running } from "../../../scripts/large/Device.ts"
import { type Gate, openGate, sentTwice } from "../../../scripts/large/Gate.ts"
import { writeLongHistory } from "../../../scripts/large/LongHistory.ts"
import { SeededRandom } from "../../../scripts/generator/SeededRandom.ts"
import { type S3rverServer, startS3rver } from "../../../scripts/S3rverServer.ts"
import { ENTRY, makeScratch } from "../Hx.ts"

const MIB = 1024 * 1024

/** Three segments of 6 MiB: a part of 5 MiB and a small one each. */
const COUNT = 7_300
const BYTES = 2_500
const SEGMENTS = 3

const settings = {
  HX_SYNC_COMPRESSION: "false",
  HX_SYNC_SEGMENT_SIZE: "6MiB",
  HX_SYNC_PART_SIZE: "5MiB",
  HX_SYNC_MAX_RETRIES: "20",
  HX_SYNC_RETRY_DELAY: "5ms",
  HX_SYNC_MAX_RETRY_DELAY: "200ms"
}

const scratch = makeScratch()
let server: S3rverServer
let gate: Gate
let full: LargeDevice
let stores = 0

beforeAll(async () => {
  server = await startS3rver(["large"])
  gate = await openGate(server.endpoint, { standIn: true })
  const file = join(scratch.path, "history")
  writeLongHistory(file, COUNT, BYTES, 7)
  full = openDevice(join(scratch.path, "full"), ENTRY)
  await full.run(["import", "--file", file, "--host", "here"])
}, 120_000)
afterAll(async () => {
  await gate.stop()
  await server.stop()
  scratch.remove()
})

const storeUrl = (prefix: string) => server.storeUrl("large", prefix).replace(server.endpoint, gate.endpoint)

/** A device with the whole history, and an empty store to push it to. */
const ready = async (): Promise<LargeDevice & { readonly prefix: string }> => {
  const prefix = `store-${stores++}`
  gate.set({ rate: Infinity, throttled: () => false })
  const device = copyDevice(full, join(scratch.path, `copy-${stores}`), ENTRY)
  await device.run(["sync", "init", "--store", storeUrl(prefix), "--no-encrypt"])
  gate.forget()
  return { ...device, prefix }
}

const push = ["sync", "push"]

const until = async (what: string, condition: () => boolean, running?: Running): Promise<void> => {
  for (let tries = 0; tries < 3_000 && running?.child.exitCode !== 0; tries++) {
    if (condition()) return
    await sleep(10)
  }
  if (!condition()) throw new Error(`never ${what}`)
}

/** Bytes of segments that have arrived. */
const segmentBytes = () =>
  gate.passages.filter(({ key }) => key.endsWith(".hxs")).reduce((sum, { arrived }) => sum + arrived, 0)

const finished = () => gate.passages.filter(({ status, step }) => step === "finish" && status === 200).length

/** What has to be true of a store when all is done: everything arrived once, and nothing is left over. */
const expectComplete = () => {
  expect(sentTwice(gate.passages)).toEqual([])
  expect(finished()).toBe(SEGMENTS)
  expect(
    gate.passages.filter(({ key, status, step }) => step === "put" && status === 200 && key.endsWith(".hxm")).length
  ).toBe(1)
  expect(gate.openUploads()).toEqual([])
}

const expectReadable = async (device: LargeDevice & { readonly prefix: string }) => {
  const reader = openDevice(join(device.home, "reader"), ENTRY)
  await reader.run(["sync", "init", "--store", storeUrl(device.prefix), "--no-encrypt"])
  const pulled = JSON.parse(await reader.run(["sync", "pull", "--json"])) as { readonly added: number }
  expect(pulled.added).toBe(COUNT)
}

const expectInterrupted = ({ code, stderr }: Pick<Ended, "code" | "stderr">) => {
  expect(code).toBe(130)
  expect(stderr).toContain("Interrupted")
  expect(stderr).toContain("Run the command again to go on.")
}

describe("a large push", { timeout: 120_000 }, () => {
  it("killed again and again sends nothing twice that had arrived whole, and leaves no parts", async () => {
    const device = await ready()
    const random = new SeededRandom(11)
    let kills = 0
    for (; kills < 3; kills++) {
      const before = segmentBytes()
      const more = random.below(8 * MIB)
      const running = device.start(push, settings)
      await until("as much sent", () => segmentBytes() > before + more, running)
      running.child.kill("SIGKILL")
      await running.ended
    }
    await device.run(push, settings)
    // What is lost of a killed run is at most the segments that were on their way.
    expect(segmentBytes()).toBeLessThan((SEGMENTS + 3 * kills) * 6 * MIB)
    expectComplete()
    await expectReadable(device)
  })

  it("killed before it heard the id of an upload leaves none of it either", async () => {
    const device = await ready()
    const running = device.start(push, settings)
    // At the gate the upload has begun; its id is on the way back.
    gate.set({ rate: 200 })
    await until("an upload begun", () => gate.passages.some(({ step }) => step === "start"), running)
    running.child.kill("SIGKILL")
    await running.ended
    gate.set({ rate: Infinity })
    await device.run(push, settings)
    expectComplete()
  })

  it("throttled goes on where it was: no part that arrived is sent again", async () => {
    const device = await ready()
    const random = new SeededRandom(5)
    gate.set({ throttled: () => random.chance(0.4) })
    await device.run(push, settings)
    expect(gate.passages.filter(({ status }) => status === 503).length).toBeGreaterThan(3)
    const arrived = gate.passages.filter(({ status, step }) => step === "part" && status === 200)
    expect(new Set(arrived.map(({ key, part }) => `${key} ${part}`)).size).toBe(arrived.length)
    expect(arrived.length).toBe(2 * SEGMENTS)
    gate.set({ throttled: () => false })
    expectComplete()
  })

  it("ends cleanly on SIGINT, SIGTERM and SIGHUP, and the next run goes on", async () => {
    const device = await ready()
    gate.set({ rate: 3 * MIB })
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const before = segmentBytes()
      const running = device.start(push, settings)
      await until("more on its way", () => gate.openUploads().length > 0 && segmentBytes() > before + MIB, running)
      running.child.kill(signal)
      expectInterrupted(await running.ended)
      expect(gate.openUploads()).toEqual([])
    }
    gate.set({ rate: Infinity })
    await device.run(push, settings)
    expectComplete()
  })

  it("over a link on which a part takes many times HX_SYNC_TIMEOUT finishes, since bytes arrive", async () => {
    const device = await ready()
    gate.set({ rate: 3 * MIB })
    const began = performance.now()
    await device.run(push, { ...settings, HX_SYNC_TIMEOUT: "500ms", HX_SYNC_MAX_RETRIES: "0" })
    expect(performance.now() - began).toBeGreaterThan(5_000)
    expectComplete()
  })
})

/** util-linux's script(1) gives a program a terminal; others of that name take other options. */
const scriptWorks = spawnSync("script", ["-qefc", "true", "/dev/null"], { stdio: "ignore" }).status === 0

describe.skipIf(!scriptWorks)("the bar of a large push", { timeout: 120_000 }, () => {
  it("shows what has arrived, and about how long the rest takes, through throttling; Ctrl-C ends it with 130", async () => {
    const device = await ready()
    const random = new SeededRandom(3)
    gate.set({ rate: 3 * MIB, throttled: () => random.chance(0.2) })
    const running = device.startOnTerminal(push, { ...settings, HX_SYNC_CONCURRENT_UPLOADS: "1" })
    const looks: Array<Shown & { readonly at: number; readonly arrived: number }> = []
    await until(
      "three quarters sent",
      () => {
        const bar = lastBar(running.shown(), "Pushing")
        if (bar !== undefined) looks.push({ ...bar, at: performance.now(), arrived: segmentBytes() })
        return segmentBytes() > 13 * MIB
      },
      running
    )
    for (const [index, look] of looks.entries()) {
      expect(look.expected).toBe(COUNT)
      expect(look.bytes ?? 0).toBeGreaterThanOrEqual(looks[index - 1]?.bytes ?? 0)
      expect(look.objects).toBeGreaterThanOrEqual(looks[index - 1]?.objects ?? 0)
      // What the proxy's own socket holds has been acknowledged, and is not counted at the gate yet.
      expect(Math.abs((look.bytes ?? 0) - look.arrived)).toBeLessThan(7 * MIB)
    }
    const [first, last] = [looks.find(({ arrived }) => arrived > 5 * MIB), looks.at(-1)]
    if (first === undefined || last === undefined) throw new Error("no bars")
    expect(first.total).toBeGreaterThan(15 * MIB)
    expect(first.total).toBeLessThan(20 * MIB)
    // What was said at a third of the way, against the speed from there on.
    const speed = (1000 * (last.arrived - first.arrived)) / (last.at - first.at)
    const truly = ((first.total ?? 0) - (first.bytes ?? 0)) / speed
    expect(first.left).toBeGreaterThan(truly / 3 - 1)
    expect(first.left).toBeLessThan(truly * 3 + 1)
    running.child.stdin?.write("\u0003")
    const { code, stdout } = await running.ended
    expectInterrupted({ code, stderr: stdout })
    expect(gate.openUploads()).toEqual([])
  })
})

describe("a large pull", { timeout: 120_000 }, () => {
  it("killed half-way fetches nothing again that it had applied, also over a slow link with a short timeout", async () => {
    const writer = await ready()
    await writer.run(push, settings)
    const reader = openDevice(join(scratch.path, "reader"), ENTRY)
    await reader.run(["sync", "init", "--store", storeUrl(writer.prefix), "--no-encrypt"])
    gate.forget()
    const patience = { ...settings, HX_SYNC_TIMEOUT: "1s", HX_SYNC_MAX_RETRIES: "0" }
    const fetched = () => gate.passages.filter(({ key, step }) => step === "get" && key.endsWith(".hxs"))

    // One at a time: when the third is asked for, two have been applied.
    gate.set({ rate: 12 * MIB })
    const running = reader.start(["sync", "pull"], { ...patience, HX_SYNC_CONCURRENT_DOWNLOADS: "1" })
    await until("the third on its way", () => (fetched()[2]?.returned ?? 0) > 0, running)
    running.child.kill("SIGKILL")
    await running.ended
    const before = fetched().slice(0, 2)
    gate.forget()

    gate.set({ rate: 3 * MIB })
    await reader.run(["sync", "pull"], patience)
    expect(fetched().length).toBe(SEGMENTS - 2)
    const again = new Set(fetched().map(({ key }) => key))
    expect(before.filter(({ key }) => again.has(key))).toEqual([])
    const { entries } = JSON.parse(await reader.run(["stats", "--json"])) as { readonly entries: number }
    expect(entries).toBe(COUNT)
  })
})
