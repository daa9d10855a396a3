/**
 * Writes, fsyncs, renames and all other changes to files fail, one at a time or from one on, as on a broken or full disk: hx says so in three lines
 * with the right exit code, loses nothing, and the same command does its work when the disk works again.
 */

import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { readKnown } from "./Known.ts"
import { type Ended, makeMachine } from "./Machine.ts"
import { ERRNO, readJournal } from "./Shim.ts"
import { shim, WITHOUT_SHIM } from "./TheShim.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const LONG = process.env["HX_TEST_KILL_SECONDS"] !== undefined
/** Failures tried of each command. */
const TRIES = LONG ? 12 : 1
/** Commands tried without HX_TEST_KILL_SECONDS. */
const SHORT = ["import", "sync push", "sync pull"]
const random = new SeededRandom(20261123)

interface Place {
  readonly root: string
  readonly store: string
  readonly file: string
}

const placeAt = (root: string): Place => ({ root, store: join(root, "store"), file: join(scratch.path, "more.zsh") })
const machineAt = ({ root }: Place) => makeMachine(ENTRY, root, "machine")
const prepared = placeAt(join(scratch.path, "prepared"))
const commands = (word: string, many: number) =>
  Array.from({ length: many }, (_, index) => `${word} ${index} ${random.hex(60)}`)
const lines = (all: ReadonlyArray<string>, from: number) =>
  all.map((command, index) => `: ${from + index}:0;${command}\n`).join("")

const first = commands("first", 40)
const second = commands("second", 1_500)

/** A vault in a folder that another device has written to, and a device with something to push and to pull. */
beforeAll(async () => {
  if (shim === undefined) return
  const machine = machineAt(prepared)
  const other = makeMachine(ENTRY, join(scratch.path, "other"), "other")
  const file = join(scratch.path, "first.zsh")
  writeFileSync(file, lines(first, 1_600_000_000))
  writeFileSync(prepared.file, lines(second, 1_610_000_000))
  const theirs = join(scratch.path, "theirs.zsh")
  writeFileSync(theirs, lines(commands("theirs", 1_500), 1_620_000_000))
  await machine.must(["import", "--file", file, "--host", "h"])
  await machine.must(["sync", "init", "--no-encrypt", "--store", `folder:${prepared.store}`])
  await other.must(["import", "--file", theirs, "--host", "h"])
  await other.must(["sync", "init", "--no-encrypt", "--store", `folder:${prepared.store}`])
  await other.must(["sync", "push"])
}, 60_000)

/** What each command does from which state; words name the place where they need to. */
const rows: Readonly<
  Record<
    string,
    {
      readonly before: ReadonlyArray<(place: Place) => ReadonlyArray<string>>
      readonly words: (place: Place) => ReadonlyArray<string>
    }
  >
> = {
  import: { before: [], words: ({ file }) => ["import", "--file", file, "--host", "h"] },
  forget: { before: [], words: () => ["forget", "--match", "first", "--yes"] },
  "sync push": { before: [({ file }) => ["import", "--file", file, "--host", "h"]], words: () => ["sync", "push"] },
  "sync pull": { before: [], words: () => ["sync", "pull"] },
  "sync init": {
    before: [() => ["sync", "reset", "--forget-key", "--yes"]],
    words: ({ root }) => ["sync", "init", "--store", `folder:${join(root, "new-store")}`]
  },
  "a first import": {
    before: [],
    words: ({ file }) => ["import", "--file", file, "--host", "h"]
  }
}

describe.skipIf(shim === undefined)(`on a disk that fails${WITHOUT_SHIM}`, { timeout: 600_000 }, () => {
  it.each(Object.entries(rows).filter(([name]) => LONG || SHORT.includes(name)))(
    "%s says so, loses nothing, and works when the disk does",
    async (name, { before, words }) => {
      const fresh = name === "a first import"
      const base = placeAt(join(scratch.path, `base of ${name}`))
      // Stores and machines are bound to their paths, so all runs are at the same one.
      const place = placeAt(join(scratch.path, "prepared"))
      const kept = placeAt(join(scratch.path, "kept"))
      cpSync(place.root, kept.root, { recursive: true })
      try {
        if (fresh) rmSync(join(place.root, "data"), { recursive: true })
        for (const each of before) await machineAt(place).must(each(place))
        cpSync(place.root, base.root, { recursive: true })
        const start = readKnown(machineAt(place).data)

        const journal = join(scratch.path, `journal of ${name}`)
        await machineAt(place).must(words(place), shim?.around([place.root], { journal }))
        const reference = readKnown(machineAt(place).data)
        const calls = readJournal(journal).length
        expect(calls).toBeGreaterThan(10)

        const codes = new Map<number | null, number>()
        for (let tried = 0; tried < TRIES; tried++) {
          const at = 1 + Math.floor((calls * (tried + random.unit())) / TRIES)
          const act = {
            // One for certain that a command cannot pass over.
            do: tried === 0 ? ("fail-from" as const) : random.pick(["fail", "fail-from"] as const),
            at: tried === 0 ? Math.ceil(at / 2) : at,
            errno: random.pick(Object.keys(ERRNO) as ReadonlyArray<keyof typeof ERRNO>)
          }
          rmSync(place.root, { recursive: true })
          cpSync(base.root, place.root, { recursive: true })
          const what = `${JSON.stringify(act)} of ${calls}`
          const failed = await machineAt(place).run(words(place), shim?.around([place.root], { act }))
          codes.set(failed.code, 1 + (codes.get(failed.code) ?? 0))
          expectTold(failed, act.errno, what)
          const after = readKnown(machineAt(place).data)
          expect(fresh && failed.code !== 0 ? "ok" : after.integrity, what).toBe("ok")
          if (name !== "forget") {
            for (const command of start.commands)
              if (!after.commands.has(command)) expect.fail(`${what}: ${command} is lost`)
          }
          // Done or not done, since here everything is one transaction.
          if (after.commands.size > 0) expect([start.digest, reference.digest], what).toContain(after.digest)
          if (failed.code === 0) expect(after.digest, what).toBe(reference.digest)
          const again = await machineAt(place).run(words(place))
          expect(again.code, `${what}\n${failed.stderr}\nthen\n${again.stderr}`).toBe(0)
          expect(readKnown(machineAt(place).data).digest, what).toBe(reference.digest)
          if (name === "sync push" && (LONG || tried === TRIES - 1)) await expectPublished(place, what)
        }
        if (LONG) console.log(name, calls, codes)
        expect([...codes.keys()].some((code) => code !== 0)).toBe(true)
      } finally {
        rmSync(place.root, { recursive: true })
        cpSync(kept.root, place.root, { recursive: true })
        rmSync(kept.root, { recursive: true })
      }
    }
  )

  it("a quota that is used up is told as such, not as a failing disk, and leaves nothing behind", async () => {
    const place = placeAt(join(scratch.path, "quota"))
    cpSync(prepared.root, place.root, { recursive: true })
    const names = () => readdirSync(join(place.root, "data")).sort()
    const before = names()
    const words = ["import", "--file", place.file, "--host", "h"]
    // Files that cannot grow, and files that cannot even be made.
    for (const options of [{ at: 3, kinds: "W" }, { at: 1 }]) {
      const act = { do: "fail-from", at: options.at, errno: "EDQUOT" } as const
      const failed = await machineAt(place).run(words, shim?.around([place.root], { ...options, act }))
      expect([failed.code, failed.stderr]).toEqual([6, expect.stringMatching(/^No space left/)])
    }
    await machineAt(place).must(words)
    expect(names()).toEqual(before)
  })
})

/** Three lines and the code for a disk; a failure of no consequence may pass. */
const expectTold = ({ code, stderr, stdout }: Ended, errno: keyof typeof ERRNO, what: string) => {
  const all = `${what}\n${stdout}${stderr}`
  if (code === 0) return
  const [words = "", ...rest] = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("warn: "))
  expect([3, 6], all).toContain(code)
  expect(rest, all).toHaveLength(2)
  expect(stderr, all).not.toMatch(/Internal error|^\s+at /m)
  if (errno === "EIO") expect(words, all).not.toContain("No space")
  if (errno === "ENOSPC" || errno === "EDQUOT")
    expect(words, all).toMatch(/^No space left|^The disk of the history database fails/)
}

const expectPublished = async (place: Place, what: string) => {
  const reader = makeMachine(ENTRY, join(scratch.path, "reader"), "reader")
  await reader.must(["sync", "init", "--no-encrypt", "--store", `folder:${place.store}`])
  await reader.must(["sync", "pull"])
  const known = readKnown(reader.data)
  expect(
    [...first, ...second].every((command) => known.commands.has(command)),
    what
  ).toBe(true)
  rmSync(reader.home, { recursive: true })
  expect(existsSync(reader.home)).toBe(false)
}
