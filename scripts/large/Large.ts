/**
 * npm run large: a history of a million entries pushed to and pulled from a real S3 server, killed at random moments, throttled, interrupted, and over a
 * link of 1 Mbit/s; every byte is counted on the way. Ends with 1 where something is not as it has to be.
 *
 *     eval "$(scripts/rgw-server start)" && npm run large -- [--entries 1000000] [--only fast,kill,throttle,slow,pull] [--seed N]
 *
 * The server is the one that HX_TEST_S3_* name. The program is the one that has been built (npm run build). Takes some ten minutes.
 */

import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3"
import { randomBytes } from "node:crypto"
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { generateHistory } from "../generator/History.ts"
import { toZshExtended } from "../generator/HistoryText.ts"
import { SeededRandom } from "../generator/SeededRandom.ts"
import { lastBar, type Shown } from "./Bars.ts"
import { copyDevice, type LargeDevice, openDevice, type Running } from "./Device.ts"
import { openGate, sentTwice } from "./Gate.ts"

const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "1000000" },
    only: { type: "string", default: "fast,kill,throttle,slow,pull" },
    seed: { type: "string", default: String(Date.now() % 100_000) } // another one each time: it is printed
  }
})
const entries = Number(values.entries)
const parts = new Set(values.only.split(","))
const random = new SeededRandom(Number(values.seed))

const MIB = 1024 * 1024
const MEGABIT = 125_000

/** Uncompressed, so that objects are larger than a part. */
const LARGE = { HX_SYNC_COMPRESSION: "false", HX_SYNC_SEGMENT_SIZE: "8MiB", HX_SYNC_PART_SIZE: "5MiB" }

const program = join(process.cwd(), "dist", "hx.js")
const {
  HX_TEST_S3_ENDPOINT: target = "",
  HX_TEST_S3_ACCESS_KEY: access = "",
  HX_TEST_S3_SECRET_KEY: secret = ""
} = process.env
if (target === "") throw new Error("HX_TEST_S3_ENDPOINT names no server; see scripts/rgw-server")
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true"

const directory = mkdtempSync(join(tmpdir(), "hx-large-"))
const gate = await openGate(target, { standIn: false })
const client = new S3Client({
  endpoint: target,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId: access, secretAccessKey: secret }
})
const bucket = `hx-large-${randomBytes(5).toString("hex")}`

let failures = 0
const say = (text: string) => void process.stdout.write(`${text}\n`)
const check = (what: string, holds: boolean) => {
  if (!holds) failures++
  say(`  ${holds ? "ok    " : "FAILED"}  ${what}`)
}

const storeUrl = (prefix: string) =>
  `s3://${bucket}/${prefix}?endpoint=${gate.endpoint}&path_style=true&access_key=${access}&secret_key=${secret}`

const writeHistory = (file: string) => {
  const handle = openSync(file, "w")
  let waiting = ""
  for (const record of generateHistory({ seed: 20, count: entries })) {
    waiting += toZshExtended(record)
    if (waiting.length < MIB) continue
    writeSync(handle, waiting)
    waiting = ""
  }
  writeSync(handle, waiting)
  closeSync(handle)
}

let copies = 0
/** A device with the whole history, and an empty store to push it to. */
const ready = async (full: LargeDevice, prefix: string): Promise<LargeDevice> => {
  gate.set({ rate: Infinity, throttled: () => false })
  const device = copyDevice(full, join(directory, `copy-${copies++}`), program)
  await device.run(["sync", "init", "--store", storeUrl(prefix)])
  gate.forget()
  return device
}

const segmentBytes = () =>
  gate.passages.filter(({ key }) => key.endsWith(".hxs")).reduce((sum, { arrived }) => sum + arrived, 0)

const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`

const timed = async <A>(work: Promise<A>): Promise<readonly [seconds: number, value: A]> => {
  const began = performance.now()
  const value = await work
  return [(performance.now() - began) / 1000, value]
}

const until = async (condition: () => boolean, running: Running): Promise<void> => {
  while (!condition() && running.child.exitCode === null && running.child.signalCode === null) await sleep(20)
}

/** Nothing has passed for three seconds. */
const untilQuiet = async (): Promise<void> => {
  let before = -1
  while (before !== gate.carried()) {
    before = gate.carried()
    await sleep(3_000)
  }
}

const stored = async (prefix: string): Promise<{ readonly segments: number; readonly bytes: number }> => {
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/segments/` })
  )
  return { segments: Contents.length, bytes: Contents.reduce((sum, { Size = 0 }) => sum + Size, 0) }
}

const checkStore = async (prefix: string) => {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }))
  check("no upload is left open (ListMultipartUploads)", Uploads.length === 0)
  check("nothing that stood in the store was sent again", sentTwice(gate.passages).length === 0)
}

const requests = () => {
  const counts = new Map<string, number>()
  for (const { status, step } of gate.passages) {
    const name = status === 503 ? "told to slow down" : step
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([step, count]) => `${count} ${step}`).join(", ")
}

const fast = async (full: LargeDevice) => {
  say("A push as it is by default")
  const device = await ready(full, "fast")
  const [seconds] = await timed(device.run(["sync", "push"]))
  const { bytes, segments } = await stored("fast")
  say(`  ${seconds.toFixed(1)} s; ${segments} segments, ${mebibytes(bytes)}; ${requests()}`)
  await checkStore("fast")
}

const kill = async (full: LargeDevice) => {
  say("Killed six times (kill -9) at random moments")
  const device = await ready(full, "kill")
  gate.set({ rate: 4 * MIB })
  for (let kills = 0; kills < 6; kills++) {
    const [before, more] = [segmentBytes(), random.below(6 * MIB)]
    const running = device.start(["sync", "push"], LARGE)
    await until(() => segmentBytes() > before + more, running)
    await sleep(random.below(400))
    running.child.kill("SIGKILL")
    await running.ended
    const open = gate.openUploads().length
    say(`  killed with ${mebibytes(segmentBytes())} sent in all, ${open} uploads open`)
  }
  gate.set({ rate: Infinity })
  const [seconds] = await timed(device.run(["sync", "push"], LARGE))
  const { bytes, segments } = await stored("kill")
  say(
    `  then ${seconds.toFixed(1)} s; ${segments} segments, ${mebibytes(bytes)}, sent ${mebibytes(segmentBytes())}; ${requests()}`
  )
  await checkStore("kill")
}

const throttle = async (full: LargeDevice) => {
  say("Throttled: bursts in which every request is told to slow down, and a third of the others")
  const device = await ready(full, "throttle")
  let burst = 0
  gate.set({
    throttled: () => {
      if (burst === 0 && random.chance(0.05)) burst = 4
      if (burst > 0) burst--
      return burst > 0 || random.chance(0.33)
    }
  })
  const [seconds] = await timed(
    device.run(["sync", "push"], { ...LARGE, HX_SYNC_MAX_RETRIES: "20", HX_SYNC_MAX_RETRY_DELAY: "2s" })
  )
  const { bytes } = await stored("throttle")
  say(`  ${seconds.toFixed(1)} s; stored ${mebibytes(bytes)}, sent ${mebibytes(segmentBytes())}; ${requests()}`)
  const parts = gate.passages.filter(({ status, step }) => step === "part" && status === 200)
  check(
    "no part that arrived was sent again",
    new Set(parts.map(({ key, part }) => `${key} ${part}`)).size === parts.length
  )
  gate.set({ throttled: () => false })
  await checkStore("throttle")
}

type Look = Shown & { readonly at: number; readonly arrived: number }

const slow = async (full: LargeDevice) => {
  say("1 Mbit/s, HX_SYNC_TIMEOUT=2s; Ctrl-C at a third, then to the end; on a terminal")
  const device = await ready(full, "slow")
  gate.set({ rate: MEGABIT })
  const patience = { ...LARGE, HX_SYNC_TIMEOUT: "2s", HX_SYNC_MAX_RETRIES: "1" }
  const first = device.startOnTerminal(["sync", "push"], patience)
  await until(() => segmentBytes() > 9 * MIB, first)
  const [seconds, ended] = await timed((first.child.stdin?.write("\u0003"), first.ended))
  check(
    `Ctrl-C: exit ${ended.code}, "Interrupted", after ${seconds.toFixed(1)} s`,
    ended.code === 130 && ended.stdout.includes("Interrupted")
  )
  check("Ctrl-C aborted what was on its way", gate.openUploads().length === 0)
  // What the kernel held when the program ended goes on over the link, and would be in the way of the next run's figures.
  await untilQuiet()
  const looks: Array<Look> = []
  const second = device.startOnTerminal(["sync", "push"], patience)
  const sentBefore = segmentBytes()
  const began = performance.now()
  await until(() => {
    const bar = lastBar(second.shown(), "Pushing")
    if (bar !== undefined) looks.push({ ...bar, at: performance.now(), arrived: segmentBytes() - sentBefore })
    return false
  }, second)
  const { code } = await second.ended
  const end = performance.now()
  check(`the next run ended with ${code} after ${((end - began) / 1000).toFixed(0)} s`, code === 0)
  tellBars(looks, end)
  const { bytes } = await stored("slow")
  say(`  stored ${mebibytes(bytes)}, sent ${mebibytes(segmentBytes())}; ${requests()}`)
  await checkStore("slow")
}

/** The bar at four moments, against what came through and how long it then took. */
const tellBars = (looks: ReadonlyArray<Look>, end: number) => {
  const total = looks.at(-1)?.arrived ?? 0
  let close = true
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    const look = looks.find(({ arrived }) => arrived >= share * total)
    if (look === undefined) continue
    const truly = (end - look.at) / 1000
    close &&= look.left !== undefined && look.left > truly / 2 - 2 && look.left < truly * 2 + 2
    say(
      `  bar at ${100 * share} %: ${mebibytes(look.bytes ?? 0)} of ${mebibytes(look.total ?? 0)} (arrived ${mebibytes(look.arrived)}), ` +
        `${((look.rate ?? 0) / 1024).toFixed(0)} KiB/s (link 122), ${look.left ?? "?"} s left (it took ${truly.toFixed(0)})`
    )
  }
  check("the time left was right within a factor of two", close && looks.length > 0)
  check(
    "the bar never went back",
    looks.every((look, index) => (look.bytes ?? 0) >= (looks[index - 1]?.bytes ?? 0))
  )
}

const pull = async (full: LargeDevice) => {
  say("Pulled over 1 Mbit/s with HX_SYNC_TIMEOUT=2s; killed half-way, then to the end")
  const writer = await ready(full, "pull")
  await writer.run(["sync", "push"], { HX_SYNC_SEGMENT_SIZE: "1MiB" })
  const reader = openDevice(join(directory, "reader"), program)
  const key = JSON.parse(await writer.run(["sync", "key", "--json"])) as { readonly recoveryKey: string }
  await reader.run(["sync", "init", "--store", storeUrl("pull")], { HX_SYNC_KEY: key.recoveryKey })
  const { segments } = await stored("pull")
  gate.forget()
  gate.set({ rate: MEGABIT })
  const patience = { HX_SYNC_TIMEOUT: "2s", HX_SYNC_MAX_RETRIES: "1", HX_SYNC_CONCURRENT_DOWNLOADS: "2" }
  const fetched = () => gate.passages.filter(({ key: name, step }) => step === "get" && name.endsWith(".hxs"))
  const running = reader.start(["sync", "pull"], patience)
  await until(() => fetched().filter(({ status }) => status === 200).length >= segments / 2, running)
  running.child.kill("SIGKILL")
  await running.ended
  const whole = fetched().filter(({ status }) => status === 200)
  // Two at a time, and applied before the next is asked for: all but the last two are certainly applied.
  const applied = whole.slice(0, -2)
  gate.forget()
  const [seconds] = await timed(reader.run(["sync", "pull"], { ...patience, HX_SYNC_CONCURRENT_DOWNLOADS: "8" }))
  const again = new Set(fetched().map(({ key: name }) => name))
  say(`  killed after ${whole.length} of ${segments} segments; then ${seconds.toFixed(0)} s, ${requests()}`)
  check(
    "nothing that had been applied was fetched again",
    applied.every(({ key: name }) => !again.has(name))
  )
  check("each of the rest was fetched once", fetched().length === again.size)
  const counted = async (device: LargeDevice) =>
    (JSON.parse(await device.run(["stats", "--json"])) as { readonly entries: number }).entries
  check("the history is whole", (await counted(reader)) === (await counted(full)))
}

const SCENES = { fast, kill, throttle, slow, pull }

try {
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  const file = join(directory, "history")
  writeHistory(file)
  const full = openDevice(join(directory, "full"), program)
  const [seconds] = await timed(full.run(["import", "--file", file, "--host", "here"]))
  say(`${entries.toLocaleString("en-US")} entries imported in ${seconds.toFixed(1)} s; seed ${values.seed}`)
  for (const [name, scene] of Object.entries(SCENES)) if (parts.has(name)) await scene(full)
  say(failures === 0 ? "All as it has to be." : `${failures} failed.`)
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  client.destroy()
  await gate.stop()
  rmSync(directory, { recursive: true, force: true })
}
