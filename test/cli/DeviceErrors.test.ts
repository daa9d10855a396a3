/** What goes wrong on the device itself and in what was typed, told by the built program in three lines. */

import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makeDevice, makeScratch, type RunOptions } from "./Hx.ts"
import { expectTold, type Told } from "./sync/Told.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const device = makeDevice(scratch.path, "device")
const file = join(scratch.path, "a-file")
writeFileSync(file, "")

interface Row {
  readonly words: ReadonlyArray<string>
  readonly env?: RunOptions["env"]
  readonly told: Told
}

const rows: Readonly<Record<string, Row>> = {
  "an option that a command cannot do without": {
    words: ["export"],
    told: { code: 2, words: "An option is missing", subject: ["--file FILE"], hint: "hx export --file hx-backup.json" }
  },
  "a word where a number belongs": {
    words: ["find", "--exit", "abc"],
    told: { code: 2, words: "Not a whole number", subject: ["--exit abc"], hint: "Write --exit" }
  },
  "an export into a directory that is not there": {
    words: ["export", "--file", join(scratch.path, "missing", "dir", "backup.json")],
    told: { code: 2, words: "No such directory", subject: [join(scratch.path, "missing", "dir")], hint: "mkdir -p" }
  },
  "an export below a file": {
    words: ["export", "--file", join(file, "backup.json")],
    told: { code: 2, words: "No such directory", subject: [file], hint: "mkdir -p" }
  },
  "an import of a file that is not there": {
    words: ["import", "--file", "nothing.json"],
    told: { code: 2, words: "No such file", subject: ["nothing.json"], hint: "Check the name" }
  },
  "a data directory below a file": {
    words: ["find", "x"],
    env: { HX_DATA_DIR: join(file, "data") },
    told: { code: 2, words: "The data directory cannot be made", subject: [join(file, "data")], hint: "HX_DATA_DIR" }
  }
}

describe("what hx says of", { timeout: 60_000 }, () => {
  it.each(Object.entries(rows))("%s", async (_, { env = {}, told, words }) => {
    expectTold(await device.hx(words, { env }), told, [])
  })

  it("a folder store whose folder is gone", async () => {
    const store = join(scratch.path, "store")
    await device.json(["sync", "init", "--no-encrypt", "--store", `folder:${store}`])
    rmSync(store, { recursive: true })
    const told = {
      code: 6,
      words: "No such folder",
      subject: [store, "is its disk mounted?"],
      hint: "Mount its disk, or correct its path"
    }
    expectTold(await device.hx(["sync", "pull"]), told, [])
    const status = await device.hx(["sync", "status"])
    expect(status.code).toBe(0)
    expect(status.stdout).toMatch(/Connection +none: No such folder/)
    expect(status.stdout).toMatch(/Last error .*No such folder/)
  })

  it.skipIf(process.platform !== "linux")("a data directory where nothing can be made", async () => {
    const told = { code: 2, words: "The data directory cannot be made", subject: ["/proc/hx"], hint: "HX_DATA_DIR" }
    for (const words of [["status"], ["find", "x"], ["sync", "init"]]) {
      expectTold(await device.hx(words, { env: { HX_DATA_DIR: "/proc/hx" } }), told, [])
    }
  })
})
