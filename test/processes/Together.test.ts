/** Many processes at once: eight on one data directory, and two devices of four processes each on one vault. */

import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { startS3rver } from "../../scripts/S3rverServer.ts"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { makeBucket, realServer, urlOf } from "../store/S3Fixture.ts"
import { readKnown } from "./Known.ts"
import { type Ended, type Machine, makeMachine } from "./Machine.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

/** A file of commands that have a word in common. */
const historyOf = (word: string, many: number, from: number) => {
  const commands = Array.from({ length: many }, (_, index) => `${word} command ${index}`)
  const path = join(scratch.path, `${word}.zsh`)
  writeFileSync(path, commands.map((command, index) => `: ${from + index}:0;${command}\n`).join(""))
  return { commands, words: ["import", "--file", path, "--host", "host"] }
}

/** Waiting for each other, or another's work found done, is fine; anything else is not. */
const expectSane = (all: ReadonlyArray<{ readonly words: ReadonlyArray<string>; readonly ended: Ended }>) => {
  for (const { ended, words } of all) {
    const told = `hx ${words.join(" ")}: ${ended.code ?? ended.signal}\n${ended.stderr}`
    if (ended.code === 0) continue
    // Whoever has waited for ten seconds says so: only where a machine is very slow.
    expect(ended.code, told).toBe(4)
    expect(ended.stderr, told).toMatch(/^(Another hx is at work on this device|The history database is in use)\n/)
  }
}

const together = (runs: ReadonlyArray<readonly [Machine, ReadonlyArray<string>]>) =>
  Promise.all(runs.map(async ([machine, words]) => ({ words, ended: await machine.run(words) })))

describe("eight processes on one data directory", { timeout: 180_000 }, () => {
  it("import, find, forget, push, pull and ask, and nothing is lost", async () => {
    const machine = makeMachine(ENTRY, join(scratch.path, "eight"), "eight")
    const other = makeMachine(ENTRY, join(scratch.path, "other"), "other")
    const store = `folder:${join(scratch.path, "store of eight")}`
    const before = historyOf("before", 50, 1_500_000_000)
    const doomed = historyOf("doomed", 50, 1_510_000_000)
    const theirs = historyOf("theirs", 50, 1_520_000_000)
    for (const { words } of [before, doomed]) await machine.must(words)
    await machine.must(["sync", "init", "--store", store, "--no-encrypt"])
    await other.must(theirs.words)
    await other.must(["sync", "init", "--store", store, "--no-encrypt"])
    await other.must(["sync", "push"])

    const added = [0, 1, 2].map((each) => historyOf(`added${each}`, 400, 1_530_000_000 + each * 10_000))
    const runs = await together(
      [
        ...added.map(({ words }) => words),
        ["forget", "--match", "doomed", "--yes"],
        ["sync", "push"],
        ["sync", "pull"],
        ["find", "command"],
        ["sync", "status"]
      ].map((words) => [machine, words] as const)
    )
    expectSane(runs)
    // A forget that gave up has forgotten nothing.
    const forgot = runs.every(({ ended, words }) => words[0] !== "forget" || ended.code === 0)
    if (!forgot) await machine.must(["forget", "--match", "doomed", "--yes"])
    for (const { ended, words } of runs) if (words[0] === "import" && ended.code !== 0) await machine.must(words)

    await machine.must(["sync"])
    await other.must(["sync", "pull"])
    const expected = new Set([before, theirs, ...added].flatMap(({ commands }) => commands))
    for (const each of [machine, other]) {
      const known = readKnown(each.data)
      expect(known.integrity).toBe("ok")
      expect(known.commands).toEqual(expected)
    }
    expect(readKnown(machine.data).digest).toBe(readKnown(other.data).digest)
  })

  it("all make the database at once, and it is one", async () => {
    const machine = makeMachine(ENTRY, join(scratch.path, "newborn"), "newborn")
    const files = Array.from({ length: 8 }, (_, index) =>
      historyOf(`newborn${index}`, 20, 1_400_000_000 + index * 1_000)
    )
    expectSane(await together(files.map(({ words }) => [machine, words] as const)))
    const known = readKnown(machine.data)
    expect(known.integrity).toBe("ok")
    expect(known.commands).toEqual(new Set(files.flatMap(({ commands }) => commands)))
  })

  it("all found the vault at once, and it is one", async () => {
    const machine = makeMachine(ENTRY, join(scratch.path, "founder"), "founder")
    const store = join(scratch.path, "founded")
    const runs = await together(
      Array.from({ length: 4 }, () => [machine, ["sync", "init", "--store", `folder:${store}`]] as const)
    )
    expectSane(runs)
    const shown = runs.flatMap(({ ended }) => /^ *(hx1[a-z0-9]{50,})$/m.exec(ended.stdout)?.[1] ?? [])
    const { recoveryKey } = JSON.parse((await machine.must(["sync", "key", "--json"])).stdout) as {
      recoveryKey: string
    }
    expect(new Set(shown)).toEqual(new Set([recoveryKey]))
  })
})

const ROUNDS = process.env["HX_TEST_KILL_SECONDS"] === undefined ? 1 : 3

const stores = {
  "a folder": async () => ({ store: `folder:${join(scratch.path, "shared")}`, stop: async () => undefined }),
  "a server in this process": async () => {
    const server = await startS3rver(["together"])
    return { store: server.storeUrl("together"), stop: server.stop }
  },
  "a real server": async () => {
    const server = realServer()
    if (server === undefined) throw new Error("HX_TEST_S3_ENDPOINT")
    return { store: urlOf(server, await makeBucket(server)), stop: async () => undefined }
  }
}
/** The folder has had its eight processes above. */
const LONG = process.env["HX_TEST_KILL_SECONDS"] !== undefined
const here = Object.entries(stores).filter(([name]) =>
  name === "a folder" ? LONG : name !== "a real server" || realServer() !== undefined
)

describe("two devices of four processes each", { timeout: 180_000 }, () => {
  it.each(here)("publish and fetch at once, and end up with the same history: %s", async (name, open) => {
    const { stop, store } = await open()
    try {
      const home = join(scratch.path, name)
      mkdirSync(home)
      const machines = ["one", "two"].map((each) => makeMachine(ENTRY, join(home, each), each))
      for (const machine of machines) await machine.must(["sync", "init", "--store", store, "--no-encrypt"])
      const all = new Set<string>()
      for (let round = 0; round < ROUNDS; round++) {
        const runs = machines.flatMap((machine, index) => {
          const files = [0, 1].map((each) =>
            historyOf(
              `${name.replaceAll(" ", "")}${round}${index}${each}`,
              30,
              1_600_000_000 + each * 1_000 + index * 10_000 + round * 100_000
            )
          )
          for (const { commands } of files) for (const command of commands) all.add(command)
          return [...files.map(({ words }) => words), ["sync"], ["sync", "push"]].map(
            (words) => [machine, words] as const
          )
        })
        expectSane(await together(runs))
      }
      for (const machine of [...machines, ...machines]) await machine.must(["sync"])
      const [one, two] = machines.map(({ data }) => readKnown(data))
      expect(one?.commands).toEqual(all)
      expect(two?.digest).toBe(one?.digest)
    } finally {
      await stop()
    }
  })
})
