/** A data directory, a store and files that one may not write, or not read: permission denied is told as such, and nothing is touched. */

import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { nobody as user, whyNotAsNobody as why } from "../cli/Nobody.ts"
import { readKnown } from "./Known.ts"
import { type Machine, makeMachine } from "./Machine.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const own = (path: string) => {
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}

const history = (word: string) => {
  chmodSync(scratch.path, 0o755)
  const path = join(scratch.path, `${word}.zsh`)
  writeFileSync(path, `: 1600000000:0;${word}\n`)
  return ["import", "--file", path, "--host", "host"]
}

const machineOf = (name: string): Machine => {
  const home = join(scratch.path, name)
  mkdirSync(home)
  own(home)
  return makeMachine(ENTRY, home, name, { user })
}

const expectDenied = async (machine: Machine, words: ReadonlyArray<string>, told: RegExp, path: string) => {
  const { code, stderr, stdout } = await machine.run(words)
  expect({ words, code, stdout, lines: stderr.split("\n").length }, stderr).toEqual({
    words,
    code: 3,
    stdout: "",
    lines: 4
  })
  expect(stderr).toMatch(told)
  expect(stderr).toContain(path)
}

/** Names, sizes and times of everything in a directory. */
const trace = (path: string): ReadonlyArray<string> =>
  readdirSync(path, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const { mtimeMs, size } = statSync(join(path, name))
      return `${name} ${size} ${mtimeMs}`
    })

describe.skipIf(why !== undefined)(
  `what one has no permission for${why === undefined ? "" : ` (not here: ${why})`}`,
  { timeout: 120_000 },
  () => {
    it("a data directory that may be read and not written: exit code 3, nothing is touched, and it works again", async () => {
      const machine = machineOf("readable")
      const store = join(machine.home, "store")
      await machine.must(history("first"))
      await machine.must(["sync", "init", "--store", `folder:${store}`])
      chmodSync(join(machine.data, "history.db"), 0o400)
      chmodSync(machine.data, 0o500)
      const before = trace(machine.data)
      for (const words of [
        history("second"),
        ["find", "first"],
        ["forget", "--match", "first", "--yes"],
        ["sync", "push"]
      ]) {
        await expectDenied(machine, words, /^Access Denied: the history database cannot be written\n/, machine.data)
      }
      expect(trace(machine.data)).toEqual(before)
      chmodSync(machine.data, 0o700)
      chmodSync(join(machine.data, "history.db"), 0o600)
      await machine.must(history("second"))
      await machine.must(["sync"])
      expect(readKnown(machine.data).commands).toEqual(new Set(["first", "second"]))
    })

    it("a data directory that may not even be looked into", async () => {
      const machine = machineOf("closed")
      await machine.must(history("first"))
      chmodSync(machine.data, 0o000)
      for (const words of [history("second"), ["find", "first"], ["sync", "status"]]) {
        await expectDenied(machine, words, /^Access Denied: the history database cannot be opened\n/, machine.data)
      }
      chmodSync(machine.data, 0o700)
      await machine.must(["find", "first"])
    })

    it("a directory in which no data directory may be made", async () => {
      const machine = machineOf("homeless")
      chmodSync(machine.home, 0o500)
      await expectDenied(
        machine,
        history("first"),
        /^Access Denied: the history database cannot be opened\n/,
        machine.data
      )
      chmodSync(machine.home, 0o700)
      await machine.must(history("first"))
    })

    it("a folder store that may not be written: the push says so, and the pull works", async () => {
      const machine = machineOf("reader")
      const store = join(machine.home, "store")
      await machine.must(["sync", "init", "--store", `folder:${store}`])
      await machine.must(history("first"))
      await machine.must(["sync", "push"])
      await machine.must(history("second"))
      const folders = ["", "manifests"].map((name) => join(store, name))
      const bytes = readdirSync(store, { recursive: true }).map(String).sort()
      for (const folder of folders) chmodSync(folder, 0o500)
      await expectDenied(machine, ["sync", "push"], /^Access Denied\n/, store)
      expect(await machine.run(["sync", "pull"])).toMatchObject({ code: 0 })
      expect(readdirSync(store, { recursive: true }).map(String).sort()).toEqual(bytes)
      for (const folder of folders) chmodSync(folder, 0o700)
      expect((await machine.must(["sync", "push"])).stdout).toContain("Published 1 entry")
    })

    it("a folder store that may not be read", async () => {
      const machine = machineOf("blind")
      const store = join(machine.home, "store")
      await machine.must(["sync", "init", "--store", `folder:${store}`])
      await machine.must(history("first"))
      await machine.must(["sync", "push"])
      chmodSync(join(store, "manifests"), 0o000)
      await expectDenied(machine, ["sync", "pull"], /^Access Denied\n/, store)
      chmodSync(join(store, "manifests"), 0o700)
      await machine.must(["sync", "pull"])
    })

    it("a vault's key that may not be read, or not be written", async () => {
      const machine = machineOf("keyless")
      const store = join(machine.home, "store")
      await machine.must(["sync", "init", "--store", `folder:${store}`])
      await machine.must(history("first"))
      const keys = join(machine.data, "keys")
      const key = join(keys, readdirSync(keys)[0] ?? "")
      chmodSync(key, 0o000)
      await expectDenied(machine, ["sync", "push"], /^Access Denied: a private file\n/, key)
      chmodSync(key, 0o600)
      chmodSync(keys, 0o500)
      // Nothing is sealed under a key that cannot be kept.
      const elsewhere = join(machine.home, "elsewhere")
      await machine.must(["sync", "reset"])
      const fresh = await machine.run(["sync", "init", "--store", `folder:${elsewhere}`])
      expect([0, 3]).toContain(fresh.code)
      chmodSync(keys, 0o700)
      expect(readFileSync(key, "utf8")).toMatch(/^hx1/)
      await machine.must(["sync", "init", "--store", `folder:${store}`])
      await machine.must(["sync"])
    })
  }
)
