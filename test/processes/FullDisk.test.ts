/** Disks of a few MiB that fill up, and disks that become read-only: three lines, the right exit code, nothing lost, and all is well afterwards. */

import { rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { expectTold } from "../cli/sync/Told.ts"
import { readKnown } from "./Known.ts"
import { type Machine, makeMachine } from "./Machine.ts"
import { mountSmall, NO_MOUNTS, remount, unmount } from "./Rooms.ts"

const scratch = makeScratch()
const mounted: Array<string> = []
afterEach(() => {
  for (const path of mounted.splice(0)) unmount(path)
})
afterAll(scratch.remove)

const LONG = process.env["HX_TEST_KILL_SECONDS"] !== undefined
/** KiB that are left when a command begins. */
const LEFT = LONG ? [0, 4, 8, 16, 24, 32, 40, 64, 96, 128, 256, 512] : [0]

const room = (name: string, kib = 3_072): string => {
  const path = join(scratch.path, name)
  mountSmall(path, kib)
  mounted.push(path)
  return path
}

/** Fills a disk until so many KiB are left. */
const fill = (path: string, left: number): string => {
  const { bavail, bsize } = statfsSync(path)
  const filler = join(path, "filler")
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left * 1024)))
  return filler
}

const historyOf = (word: string, many: number, from: number) => {
  const commands = Array.from({ length: many }, (_, index) => `${word} ${index} ${Math.sin(index)}${Math.cos(index)}`)
  const path = join(scratch.path, `${word}.zsh`)
  writeFileSync(path, commands.map((command, index) => `: ${from + index}:0;${command}\n`).join(""))
  return { commands, words: ["import", "--file", path, "--host", "host"] }
}
const small = historyOf("small", 50, 1_500_000_000)
const large = historyOf("large", 4_000, 1_510_000_000)

/** On a full disk a command either does without more room, or says what is the matter. */
const run = async (machine: Machine, words: ReadonlyArray<string>, subject: string) => {
  const ended = await machine.run(words)
  const ran = { ...ended, stdoutBytes: Buffer.from(ended.stdout) }
  if (ended.code !== 0) {
    expectTold(ran, { code: 6, words: "No space left", subject: [subject], hint: "" }, [])
    expect(ended.stderr).toMatch(/Make room|Free some space/)
  }
  return ended
}

const holds = (machine: Machine, commands: ReadonlyArray<string>) => {
  const known = readKnown(machine.data)
  expect(known.integrity).toBe("ok")
  expect(commands.filter((command) => !known.commands.has(command))).toEqual([])
}

describe.skipIf(NO_MOUNTS !== undefined)(
  `a disk that is full${NO_MOUNTS === undefined ? "" : ` (not here: ${NO_MOUNTS})`}`,
  { timeout: 240_000 },
  () => {
    it.each(LEFT)("under the data directory, with %i KiB left: import, init, push, pull, forget", async (left) => {
      const disk = room(`data-${left}`)
      const machine = makeMachine(ENTRY, join(scratch.path, `home-${left}`), "machine", { data: join(disk, "data") })
      const store = `folder:${join(scratch.path, `store-${left}`)}`
      await machine.must(small.words)
      await machine.must(["sync", "init", "--no-encrypt", "--store", store])
      const other = makeMachine(ENTRY, join(scratch.path, `other-${left}`), "other")
      await other.must(large.words)
      await other.must(["sync", "init", "--no-encrypt", "--store", store])
      await other.must(["sync", "push"])

      const filler = fill(disk, left)
      const ended = []
      for (const words of [
        ["sync", "push"],
        ["sync", "pull"],
        large.words,
        ["forget", "--match", "small 7", "--yes"]
      ]) {
        ended.push(await run(machine, words, disk))
        holds(machine, ended.length < 4 ? small.commands : [])
      }
      if (left < 128) expect(ended.some(({ code }) => code === 6)).toBe(true)
      // What is there can be found, also without room for the index of the write-ahead log.
      for (const words of [
        ["find", "small", "--json"],
        ["export", "--file", "-"]
      ]) {
        expect((await machine.must(words)).stdout).toContain("small 8 ")
      }
      if (LONG) for (const words of [["status"], ["sync", "status"]]) await machine.must(words)

      rmSync(filler)
      for (const words of [
        ["sync", "push"],
        ["sync", "pull"],
        large.words,
        ["forget", "--match", "small 7", "--yes"],
        ["sync"]
      ])
        await machine.must(words)
      await other.must(["sync", "pull"])
      expect(readKnown(other.data).digest).toBe(readKnown(machine.data).digest)
      holds(machine, large.commands)
    })

    it.each(LEFT)("under a folder store, with %i KiB left", async (left) => {
      const disk = room(`store-disk-${left}`)
      const store = join(disk, "vault")
      const machine = makeMachine(ENTRY, join(scratch.path, `pusher-${left}`), "machine")
      await machine.must(large.words)
      await machine.must(["sync", "init", "--no-encrypt", "--store", `folder:${store}`])
      const filler = fill(disk, left)
      const pushed = await run(machine, ["sync", "push"], store)
      if (left < 32) expect(pushed.code).toBe(6)
      rmSync(filler)
      await machine.must(["sync", "push"])
      const reader = makeMachine(ENTRY, join(scratch.path, `reader-${left}`), "reader")
      await reader.must(["sync", "init", "--no-encrypt", "--store", `folder:${store}`])
      await reader.must(["sync", "pull"])
      holds(reader, large.commands)
    })

    it("from the beginning: nothing is made that is in the way later", async () => {
      const disk = room("new")
      const filler = fill(disk, 0)
      const machine = makeMachine(ENTRY, join(scratch.path, "newcomer"), "machine", { data: join(disk, "data") })
      for (const words of [small.words, ["sync", "init", "--store", `folder:${join(disk, "vault")}`], ["find", "x"]]) {
        expect((await run(machine, words, disk)).code).toBe(6)
      }
      rmSync(filler)
      await machine.must(small.words)
      await machine.must(["sync", "init", "--store", `folder:${join(disk, "vault")}`])
      await machine.must(["sync"])
      holds(machine, small.commands)
    })

    it("read-only, under data directory and store: exit code 3, in words; and afterwards all is well", async () => {
      const disk = room("read-only")
      const store = join(disk, "vault")
      const machine = makeMachine(ENTRY, join(scratch.path, "reads-only"), "machine", { data: join(disk, "data") })
      await machine.must(small.words)
      await machine.must(["sync", "init", "--no-encrypt", "--store", `folder:${store}`])
      const elsewhere = makeMachine(ENTRY, join(scratch.path, "elsewhere"), "elsewhere")
      await elsewhere.must(large.words)
      await elsewhere.must(["sync", "init", "--no-encrypt", "--store", `folder:${store}`])
      remount(disk, "ro")
      for (const words of [
        large.words,
        ["sync", "push"],
        ["forget", "--match", "small 7", "--yes"],
        ["find", "small"]
      ]) {
        const { code, stderr, stdout } = await machine.run(words)
        expect({ words, code, stdout, lines: stderr.split("\n").length }, stderr).toEqual({
          words,
          code: 3,
          stdout: "",
          lines: 4
        })
        expect(stderr).toMatch(/^Access Denied: the history database cannot be written\n/)
        expect(stderr).toContain(disk)
      }
      const refused = await elsewhere.run(["sync", "push"])
      expect(refused.code).toBe(3)
      expect(refused.stderr).toMatch(/^Access Denied\n.*read-only/)
      // Who only reads needs no more.
      expect(await elsewhere.run(["sync", "pull"])).toMatchObject({ code: 0 })
      remount(disk, "rw")
      for (const each of [machine, elsewhere, machine]) await each.must(["sync"])
      for (const each of [machine, elsewhere]) holds(each, [...small.commands, ...large.commands])
    })
  }
)
