import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createHash } from "node:crypto"
import { join } from "node:path"
import { type S3rverServer, startS3rver } from "../../../scripts/S3rverServer.ts"
import { type ArchiveProxy, startArchiveProxy } from "../../store/ArchiveProxy.ts"
import { makeBucket, realServer, urlOf } from "../../store/S3Fixture.ts"
import { type Device, makeDevice, makeScratch } from "../Hx.ts"
import { record } from "./LocalHistory.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

let server: S3rverServer
let proxy: ArchiveProxy
beforeAll(async () => {
  server = await startS3rver(["vault"])
  proxy = await startArchiveProxy(server.endpoint, "vault")
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

/** Segments of 64 KiB: a thousand commands make one or two. */
const SMALL = { HX_SYNC_SEGMENT_SIZE: "64KiB", HX_SYNC_COMPRESSION: "false" }

const commands = (count: number, seed: string): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `echo ${createHash("sha256").update(`${seed} ${index}`).digest("hex")}`)

const urlFor = (prefix: string) =>
  `s3://vault/${prefix}?endpoint=${proxy.endpoint}&path_style=true&access_key=S3RVER&secret_key=S3RVER`

/** A device that has published some segments, and the vault's key. */
const founder = async (
  name: string
): Promise<{ readonly device: Device; readonly key: string; readonly url: string }> => {
  const device = makeDevice(scratch.path, `${name}-founder`)
  const url = urlFor(name)
  const { recoveryKey } = await device.json(["sync", "init", "--store", url, "--device", "laptop"])
  await record(device.data, commands(3_000, name))
  await device.json(["sync", "push"], { env: SMALL })
  return { device, key: String(recoveryKey), url }
}

/** Keys of the objects that the proxy has seen written below a prefix. */
const written = (prefix: string): ReadonlyArray<string> => [
  ...new Set(
    proxy.requests.flatMap((request) => (request.startsWith(`PUT ${prefix}/`) ? [request.slice("PUT ".length)] : []))
  )
]

const readsOf = (kind: string) =>
  proxy.requests.filter((request) => request.startsWith("GET ") && request.includes(kind))

describe("a vault in GLACIER", { timeout: 60_000 }, () => {
  it("pull applies the rest, exits 7 with what and how long, asks with --restore, and a later pull completes", async () => {
    const { device, key, url } = await founder("partly")
    const segments = written("partly").filter((name) => name.includes("/segments/"))
    expect(segments.length).toBeGreaterThan(2)
    const archived = segments.slice(0, -1)
    proxy.archive(archived)

    const other = makeDevice(scratch.path, "partly-other")
    await other.json(["sync", "init", "--store", url], { env: { HX_SYNC_KEY: key } })
    proxy.clear()
    const first = await other.hx(["sync", "pull"])
    expect(first.code).toBe(7)
    expect(first.stdout).toMatch(/^Pulled [\d,]+ new entries from 1 device/)
    expect(first.stdout).toContain(`Archived in GLACIER: ${archived.length} objects`)
    expect(first.stdout).toContain("of laptop\n")
    expect(first.stdout).toMatch(/takes 3 to 5 hours and costs less than a cent \(list prices of \d{4}-\d\d\)/)
    const [what, subject, hint, ...rest] = first.stderr.split("\n")
    expect([what, rest]).toEqual(["Archived in GLACIER", [""]])
    expect(subject).toContain(`${archived.length} objects`)
    expect(hint).toContain("hx sync pull --restore")
    expect(readsOf("/segments/")).toHaveLength(segments.length)

    // Nothing is wrong but that: verify says so, and a repair of nothing ends the same.
    for (const more of [[], ["--repair"]]) {
      const verified = await other.hx(["sync", "verify", ...more])
      expect(verified.code).toBe(7)
      expect(verified.stderr).toMatch(/^Archived in GLACIER\n.*\n.*hx sync pull --restore/)
    }

    const asked = await other.hx(["sync", "pull", "--restore", "--json"])
    expect(asked.code).toBe(7)
    expect(JSON.parse(asked.stdout)).toMatchObject({
      archived: { objects: archived.length, devices: ["laptop"], classes: ["GLACIER"], hours: [3, 5] },
      restored: { started: archived.length, underWay: 0, readable: 0, days: 7 }
    })
    expect(proxy.asked).toHaveLength(archived.length)
    const again = await other.hx(["sync", "pull", "--restore"])
    expect(again.code).toBe(7)
    expect(again.stdout).toContain(`${archived.length} objects had been asked for before`)
    const waiting = await other.hx(["sync", "pull"])
    expect(waiting.stderr).toContain("Pull again 3 to 5 hours after they were asked for.")

    proxy.restoreDone()
    expect(await other.json(["sync", "pull"])).toMatchObject({ problems: [], archived: null, restored: null })
    const [there, here] = await Promise.all([device.json(["stats"]), other.json(["stats"])])
    expect(here["entries"]).toBe(there["entries"])
  })

  it("a device joins one of which everything is archived: init and pull ask once each, and each wait is over at once", async () => {
    const { device, key, url } = await founder("whole")
    const all = written("whole").filter((name) => !name.includes("/probe-"))
    proxy.archive(all, "DEEP_ARCHIVE")

    const join = ["sync", "init", "--store", url]
    const env = { HX_SYNC_KEY: key }
    const other = makeDevice(scratch.path, "whole-other")
    const refused = await other.hx(join, { env })
    expect(refused).toMatchObject({ code: 7, stdout: "" })
    expect(refused.stderr).toMatch(/^Archived in GLACIER\n {2}vault\/whole\/vault\.json.*\n.*hx sync init --restore/)
    proxy.clear()
    const asked = await other.hx([...join, "--restore"], { env })
    expect(asked.code).toBe(7)
    expect(asked.stderr).toContain(`asked for ${all.length} objects; they can be read up to 12 hours after asking`)
    expect(asked.stderr).toContain("Run the same command again then.")
    expect(proxy.asked).toHaveLength(all.length)
    proxy.restoreDone()
    await other.json(join, { env })
    expect(await other.json(["sync", "pull"])).toMatchObject({ problems: [], archived: null })
    expect((await other.json(["stats"]))["entries"]).toBe((await device.json(["stats"]))["entries"])
    const warned = await other.hx(["sync", "pull"])
    expect(warned.code).toBe(0)
    expect(warned.stderr).toContain("hx sync lifecycle")
  })

  it("does not stop the device that published it, whose next push brings its manifest back", async () => {
    const { device } = await founder("own")
    const all = written("own")
    proxy.archive(all)
    await record(device.data, ["one more"], 1_800_000_000)
    proxy.clear()
    expect(await device.json(["sync", "push"])).toMatchObject({ operations: 1 })
    expect(readsOf("/segments/")).toEqual([])
    const manifest = all.find((name) => name.includes("/manifests/")) ?? ""
    expect(proxy.classOf(manifest)).toBe("STANDARD")
    expect(proxy.classOf("own/vault.json")).toBe("GLACIER")
  })

  it("says which permission lacks where restores may not be asked for, after it has told the rest", async () => {
    const { key, url } = await founder("denied")
    const other = makeDevice(scratch.path, "denied-other")
    await other.json(["sync", "init", "--store", url], { env: { HX_SYNC_KEY: key } })
    proxy.archive(written("denied").filter((name) => name.includes("/segments/")))
    proxy.deny(true)
    const ran = await other.hx(["sync", "pull", "--restore"])
    proxy.deny(false)
    expect(ran.code).toBe(3)
    expect(ran.stdout).toContain("Archived in GLACIER: ")
    expect(ran.stderr).toMatch(/^Access Denied\n/)
    expect(ran.stderr).toContain("s3:RestoreObject")
    expect(await other.hx(["sync", "pull", "--restore", "--dry-run"])).toMatchObject({ code: 2, stdout: "" })
  })
})

describe("hx sync lifecycle", { timeout: 60_000 }, () => {
  it("is refused for a folder, exit 2", async () => {
    const device = makeDevice(scratch.path, "folder")
    await device.json(["sync", "init", "--store", `folder:${join(scratch.path, "store")}`])
    const ran = await device.hx(["sync", "lifecycle"])
    expect(ran).toMatchObject({ code: 2, stdout: "" })
    expect(ran.stderr.split("\n")).toHaveLength(4)
    expect(ran.stderr).toContain("A folder has none")
    const confirmed = await device.hx(["sync", "lifecycle", "--yes"])
    expect(confirmed).toMatchObject({ code: 2, stdout: "" })
    expect(confirmed.stderr).toContain("Add --apply")
  })

  const real = realServer()
  it.skipIf(real === undefined)(
    "prints what aws s3api takes, applies it beside the rules of others, and reads it back",
    async () => {
      if (real === undefined) return
      const bucket = await makeBucket(real)
      const device = makeDevice(scratch.path, "rules")
      await device.json(["sync", "init", "--store", urlOf(real, bucket, "hx")])
      const printed = await device.hx(["sync", "lifecycle"])
      expect(printed.code).toBe(0)
      expect(Object.keys(JSON.parse(printed.stdout) as object)).toEqual(["Rules"])
      expect(printed.stderr).toContain("removed after 7 days")
      const unasked = await device.hx(["sync", "lifecycle", "--apply"])
      expect(unasked).toMatchObject({ code: 2, stdout: "" })
      expect(unasked.stderr.split("\n")).toHaveLength(4)
      const applied = await device.json(["sync", "lifecycle", "--apply", "--yes"])
      expect(applied).toMatchObject({ applied: true, complete: true, harms: [], versioned: false })
      expect(applied["changes"]).toEqual([{ id: "hx-unfinished-uploads:hx/", change: "added" }])
      expect(await device.json(["sync", "lifecycle"])).toMatchObject({ applied: false, changes: [] })
      expect((await device.hx(["sync", "lifecycle", "--apply"])).stdout).toMatch(/^Nothing to change/)
    }
  )
})
