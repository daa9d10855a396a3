/** Two versions of hx, on one data directory and on one vault: the older one touches nothing that it does not understand, and says so. */

import Database from "better-sqlite3"
import { spawn } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createHash } from "node:crypto"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { readKnown } from "./Known.ts"
import { type Machine, makeMachine } from "./Machine.ts"
import { buildNewerHx } from "./NewerHx.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

let newer = ""
beforeAll(() => {
  newer = buildNewerHx(join(scratch.path, "newer"))
}, 120_000)

const history = (word: string, many = 3) => {
  const commands = Array.from({ length: many }, (_, index) => `${word} ${index}`)
  const path = join(scratch.path, `${word}.zsh`)
  writeFileSync(path, commands.map((command, index) => `: ${1_600_000_000 + index}:0;${command}\n`).join(""))
  return { commands, path, words: ["import", "--file", path, "--host", "host"] }
}

/** The same home, by either version. */
const pair = (name: string): { readonly old: Machine; readonly young: Machine } => {
  const home = join(scratch.path, name)
  return {
    old: makeMachine(ENTRY, home, `${name} of this hx`),
    young: makeMachine(newer, home, `${name} of a newer hx`)
  }
}

const contents = (directory: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path, createHash("sha256").update(readFileSync(path)).digest("hex")]
      })
  )

const expectNewer = async (machine: Machine, words: ReadonlyArray<string>, told: RegExp) => {
  const { code, stderr, stdout } = await machine.run(words)
  expect({ words, code, stdout, lines: stderr.split("\n").length }, stderr).toEqual({
    words,
    code: 2,
    stdout: "",
    lines: 4
  })
  expect(stderr).toMatch(told)
  expect(stderr).toContain("Install that version of hx, or a later one.")
}

const DATABASE = /^The history database was written by a newer hx\n/
const STORE = /^The store holds what a newer hx wrote\n/

describe("a data directory that a newer hx has used", { timeout: 180_000 }, () => {
  it("is not touched by this one, which says why; the newer one takes over what this one wrote", async () => {
    const { old, young } = pair("upgraded")
    const store = `folder:${join(scratch.path, "upgraded-store")}`
    const first = history("first")
    await old.must(first.words)
    await old.must(["sync", "init", "--store", store])
    await old.must(["sync", "push"])
    const second = history("second")
    await young.must(second.words)
    const before = contents(old.data)
    for (const words of [
      history("third").words,
      ["find", "first"],
      ["forget", "--match", "first", "--yes"],
      ["sync"],
      ["sync", "push"],
      ["sync", "pull"],
      ["sync", "status"],
      ["sync", "reset"],
      ["status"],
      ["export", "--file", "-"]
    ]) {
      await expectNewer(old, words, DATABASE)
    }
    expect(contents(old.data)).toEqual(before)
    await young.must(["sync"])
    expect(readKnown(old.data).commands).toEqual(new Set([...first.commands, ...second.commands]))
    // And publishes for those who have not changed yet.
    const other = makeMachine(ENTRY, join(scratch.path, "unchanged"), "unchanged")
    const key = JSON.parse((await young.must(["sync", "key", "--json"])).stdout) as { recoveryKey: string }
    await other.must(["sync", "init", "--store", store], { HX_SYNC_KEY: key.recoveryKey })
    await other.must(["sync", "pull"])
    expect(readKnown(other.data).digest).toBe(readKnown(old.data).digest)
  })

  it("whose version is only in its write-ahead log, since the newer one was killed, is not touched either", async () => {
    const { old } = pair("killed")
    await old.must(history("killed").words)
    const open = new Database(join(old.data, "history.db"))
    open.pragma("user_version = 77")
    const copy = join(scratch.path, "as-killed")
    mkdirSync(copy)
    for (const ending of ["", "-wal"]) cpSync(join(old.data, `history.db${ending}`), join(copy, `history.db${ending}`))
    open.close()
    const { old: again } = { old: makeMachine(ENTRY, join(scratch.path, "killed-home"), "killed", { data: copy }) }
    await expectNewer(again, ["find", "killed"], DATABASE)
    await expectNewer(again, history("more").words, DATABASE)
    expect(readKnown(copy).commands).toEqual(new Set(history("killed").commands))
  })

  it("while this one is at work: what this one has begun ends, and it writes nothing more", async () => {
    const { old, young } = pair("overtaken")
    const all = history("long", 60_000)
    const lines = readFileSync(all.path, "utf8").split(/(?<=\n)/)
    const env = { HOME: old.home, PATH: process.env["PATH"] ?? "", HX_DATA_DIR: old.data }
    const child = spawn(process.execPath, [ENTRY, "import", "--file", "-", "--format", "zsh", "--host", "host"], {
      env
    })
    let stderr = ""
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
    child.stdin.on("error", () => undefined)
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
    // Enough for a first transaction, which is then waited for.
    child.stdin.write(lines.slice(0, 55_000).join(""))
    const some = () => readKnown(old.data).commands.size
    for (let tries = 0; tries < 600 && some() === 0 && child.exitCode === null; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const early = some()
    expect(early).toBeGreaterThan(0)
    await young.must(["status"])
    child.stdin.end(lines.slice(55_000).join(""))
    expect(await ended, stderr).toBe(2)
    expect(stderr).toMatch(DATABASE)
    expect(some()).toBe(early)
    await young.must(all.words)
    expect(readKnown(old.data).commands).toEqual(new Set(all.commands))
  })

  it("while both begin: one of them, and never half of both", async () => {
    const { old, young } = pair("both")
    const files = Array.from({ length: 6 }, (_, index) => history(`both${index}`))
    const ended = await Promise.all(files.map(({ words }, index) => (index % 2 === 0 ? old : young).run(words)))
    for (const [index, { code, stderr }] of ended.entries()) {
      if (index % 2 === 1) expect(code, stderr).toBe(0)
      else if (code !== 0) expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(DATABASE) })
    }
    const known = readKnown(old.data)
    const done = files.filter((_, index) => ended[index]?.code === 0).flatMap(({ commands }) => commands)
    expect(known).toMatchObject({ integrity: "ok", commands: new Set(done) })
  })
})

describe("a vault that a newer hx has written to", { timeout: 180_000 }, () => {
  it.each(["encrypted", "plain"])(
    "with a feature that one must know: this hx says so and changes nothing (%s)",
    async (kind) => {
      const home = join(scratch.path, `founder-${kind}`)
      const founder = makeMachine(newer, home, "founder")
      const store = join(scratch.path, `vault-${kind}`)
      const plain = kind === "plain" ? ["--no-encrypt"] : []
      await founder.must(["sync", "init", "--store", `folder:${store}`, ...plain], { NEWER_VAULT: "1" })
      await founder.must(history("new").words)
      await founder.must(["sync", "push"], { NEWER_VAULT: "1" })
      const before = contents(store)
      const key =
        kind === "plain"
          ? ""
          : (JSON.parse((await founder.must(["sync", "key", "--json"])).stdout) as { recoveryKey: string }).recoveryKey
      const joiner = makeMachine(ENTRY, join(scratch.path, `joiner-${kind}`), "joiner")
      const { code, stderr } = await joiner.run(
        ["sync", "init", "--store", `folder:${store}`, ...plain],
        key === "" ? {} : { HX_SYNC_KEY: key }
      )
      expect(code, stderr).toBe(2)
      expect(stderr).toMatch(STORE)
      expect(contents(store)).toEqual(before)
    }
  )

  it("in one device's manifest: everybody else's history is there, that device is named, exit code 8, and nothing is lost later", async () => {
    const store = `folder:${join(scratch.path, "mixed")}`
    const reader = makeMachine(ENTRY, join(scratch.path, "reader"), "reader")
    const good = makeMachine(ENTRY, join(scratch.path, "good"), "good")
    const young = makeMachine(newer, join(scratch.path, "young"), "young")
    for (const machine of [reader, good, young])
      await machine.must(["sync", "init", "--no-encrypt", "--store", store, "--device", machine.name])
    const [seen, theirs, early, late] = ["seen", "theirs", "early", "late"].map((word) => history(word))
    if (seen === undefined || theirs === undefined || early === undefined || late === undefined) return
    await young.must(early.words)
    await young.must(["sync", "push"])
    await reader.must(["sync", "pull"])
    await young.must(late.words)
    await young.must(["sync", "push"], { NEWER_MANIFEST: "1" })
    await good.must(theirs.words)
    await good.must(["sync", "push"])
    await reader.must(seen.words)

    const pulled = await reader.run(["sync"])
    expect(pulled.code, pulled.stderr).toBe(8)
    expect(pulled.stderr).toMatch(/^Completed with problems\n/)
    expect(pulled.stdout + pulled.stderr).toMatch(/of young: it needs a newer hx \(time travel\)/)
    expect(readKnown(reader.data).commands).toEqual(new Set([...early.commands, ...theirs.commands, ...seen.commands]))
    expect((await reader.run(["sync", "status"])).code).toBe(0)
    // What this one had to publish is published: the good one has it.
    await good.run(["sync", "pull"])
    await reader.must(["sync", "push"])
    await good.run(["sync", "pull"])
    expect(readKnown(good.data).commands).toEqual(expect.objectContaining({ size: 6 }))
    // With the newer version all is there.
    const upgraded = makeMachine(newer, reader.home, "upgraded")
    await upgraded.must(["sync"])
    const all = [seen, theirs, early, late].flatMap(({ commands }) => commands)
    expect(readKnown(reader.data).commands).toEqual(new Set(all))
  })
})
