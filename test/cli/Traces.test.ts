/** What is not in the history leaves no trace in the data directory: rehearsed, refused, broken or forgotten text, and the text that was searched for. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makeDevice, makeScratch } from "./Hx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const SECRET = "hunter2-hunter2"

/** The files of a directory that hold this text, in UTF-8 or UTF-16. */
const holding = (directory: string, text = SECRET): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
    .filter((path) => {
      const bytes = readFileSync(path)
      return [text, Buffer.from(text, "utf16le"), JSON.stringify(text).slice(1, -1)].some((each) =>
        bytes.includes(each)
      )
    })

const write = (name: string, text: string): string => {
  const path = join(scratch.path, name)
  writeFileSync(path, text)
  return path
}

describe("the data directory", { timeout: 60_000 }, () => {
  it("holds nothing of a rehearsed import, of whatever size", async () => {
    const device = makeDevice(scratch.path, "rehearsed")
    await device.json(["import", "--file", write("before.zsh", ": 1600000000:0;make\n")])
    // More than SQLite keeps in memory, so that pages of the transaction are written before it is undone.
    const lines = Array.from(
      { length: 30_000 },
      (_, at) => `: ${1_600_000_000 + at}:0;export T${at}=${SECRET} ${"word ".repeat(120)}\n`
    )
    const file = write("rehearsed.zsh", lines.join(""))
    expect(await device.json(["import", "--dry-run", "--file", file])).toMatchObject({ files: [{ added: 30_000 }] })
    expect(holding(device.data)).toEqual([])
    expect((await device.json(["find"]))["entries"]).toHaveLength(1)
  })

  it("holds nothing of what a damaged backup or a broken file said and could not be taken in", async () => {
    const device = makeDevice(scratch.path, "broken")
    const backup = join(scratch.path, "backup.json")
    await device.json(["import", "--file", write("good.zsh", ": 1600000000:0;make\n: 1600000001:0;make again\n")])
    await device.json(["export", "--file", backup])
    const whole = readFileSync(backup, "utf8")
    expect(whole).toContain("make again")
    const damaged = write("damaged.json", `${whole.slice(0, whole.indexOf("make again"))}${SECRET}`)
    const broken = [
      damaged,
      write(
        "wrong.jsonl",
        `{"command":"${SECRET}","start":"${SECRET}"}\n{"command":7,"cwd":"${SECRET}"}\n{"${SECRET}\n`
      ),
      write("wrong.zsh", `: 1600000009:0;${"x".repeat(5 * 1024 * 1024)}${SECRET}\n`),
      write("nothing.bin", `\0\0\0${SECRET}\0`)
    ]
    for (const file of broken) await device.hx(["import", "--file", file])
    expect(holding(device.data)).toEqual([])
  })

  it("holds nothing of what was forgotten, whatever is imported, refused and asked for afterwards", async () => {
    const device = makeDevice(scratch.path, "forgotten")
    const store = `folder:${join(scratch.path, "store of forgotten")}`
    const file = write("secret.zsh", `: 1600000000:0;export TOKEN=${SECRET}\n: 1600000001:0;make\n`)
    const backup = join(scratch.path, "secret.json")
    await device.json(["import", "--file", file])
    await device.json(["export", "--file", backup])
    await device.json(["sync", "init", "--store", store])
    await device.json(["sync"])
    expect(holding(device.data)).not.toEqual([])
    await device.json(["forget", "--match", "-", "--yes"], { stdin: `${SECRET}\n` })
    expect(holding(device.data)).toEqual([])
    for (const words of [
      ["find", SECRET],
      ["forget", "--match", SECRET, "--yes"],
      ["import", "--dry-run", "--file", file],
      ["import", "--file", file],
      ["import", "--file", backup],
      ["import", "--file", write("cut.json", readFileSync(backup, "utf8").slice(0, -20))],
      // Fails: what is remembered of it names the store, and nothing of the history.
      ["sync", "init", "--store", "s3://nowhere/there?endpoint=http://127.0.0.1:9"],
      ["sync"],
      ["sync", "verify"]
    ]) {
      await device.hx(words, { env: { HX_SYNC_MAX_RETRIES: "0" } })
      expect(holding(device.data), words.join(" ")).toEqual([])
    }
  })
})
