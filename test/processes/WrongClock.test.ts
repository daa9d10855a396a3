/**
 * A clock that is a year ahead or behind: nobody's entries are lost or hidden, and rules, debts and merges go on. What a server says of such a clock is in
 * test/cli/sync/ErrorsOnServer.test.ts.
 */

import { readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { record } from "../cli/sync/LocalHistory.ts"
import { readKnown } from "./Known.ts"
import { type Machine, makeMachine } from "./Machine.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const YEAR = 365 * 86_400_000
const skewed = (millis: number) => ({
  NODE_OPTIONS: `--require ${fileURLToPath(new URL("../cli/SkewedClock.cjs", import.meta.url))}`,
  HX_TEST_CLOCK_OFFSET: String(millis)
})

const history = (word: string, many: number, from: number) => {
  const commands = Array.from({ length: many }, (_, index) => `${word} ${index} ${Math.sin(index)}`)
  const path = join(scratch.path, `${word}.zsh`)
  writeFileSync(path, commands.map((command, index) => `: ${from + index}:0;${command}\n`).join(""))
  return { commands, words: ["import", "--file", path, "--host", "host"] }
}

const commandsOf = ({ data }: Machine) => readKnown(data).commands

/** With HX_TEST_KILL_SECONDS each direction does both, without it one. */
const LONG = process.env["HX_TEST_KILL_SECONDS"] !== undefined
const AHEAD = ["ahead", YEAR] as const
const BEHIND = ["behind", -YEAR] as const

describe.each(LONG ? [AHEAD, BEHIND] : [AHEAD])(
  "a clock that is a year %s",
  { timeout: 180_000 },
  (direction, offset) => {
    const at = (name: string) => join(scratch.path, `${direction}-${name}`)

    it("pushes, pulls, forgets and merges segments as if it were right", async () => {
      const store = `folder:${at("store")}`
      const wrong = makeMachine(ENTRY, at("wrong"), "wrong")
      const right = makeMachine(ENTRY, at("right"), "right")
      const clock = { ...skewed(offset), HX_SYNC_SEGMENT_SIZE: "64KiB" }
      const now = Math.floor(Date.now() / 1000) // the true time, which the skewed program does not see
      await right.must(["sync", "init", "--no-encrypt", "--store", store])
      await wrong.must(["sync", "init", "--no-encrypt", "--store", store], clock)
      const all = new Set<string>()
      // Several pushes with enough for a segment each, so that neighbours are merged and debts are owed by a wrong clock.
      for (let round = 0; round < 2; round++) {
        const mine = history(`${direction}wrong${round}`, 1_200, now - 100_000 + round * 2_000 + offset / 1_000)
        const theirs = history(`${direction}right${round}`, 20, now - 100_000 + round * 2_000)
        for (const command of [...mine.commands, ...theirs.commands]) all.add(command)
        await wrong.must(mine.words, clock)
        await right.must(theirs.words)
        await wrong.must(["sync"], clock)
        await right.must(["sync"])
      }
      await wrong.must(["sync"], clock)
      expect(commandsOf(right)).toEqual(all)
      expect(commandsOf(wrong)).toEqual(all)
      // A device that comes now, with either clock, sees the same.
      for (const env of LONG ? [{}, clock] : [clock]) {
        const machine = makeMachine(ENTRY, at(`newcomer-${Object.keys(env).length}`), "newcomer")
        await machine.must(["sync", "init", "--no-encrypt", "--store", store], env)
        await machine.must(["sync", "pull"], env)
        expect(readKnown(machine.data).digest).toBe(readKnown(right.data).digest)
      }
      // And the other device finds what comes from another year.
      const found = await right.must(["find", `${direction}wrong0 1199`, "--json"])
      expect(found.stdout).toContain(`${direction}wrong0 1199 `)
      const { code, stdout } = await right.run(["sync", "status"])
      expect(code).toBe(0)
      expect(stdout).not.toMatch(/NaN|undefined|Infinity|--\d|in -/)
      expect(readdirSync(join(at("store"), "manifests"))).toHaveLength(2)
    })
  }
)

describe.each(LONG ? [AHEAD, BEHIND] : [BEHIND])(
  "a clock that is a year %s",
  { timeout: 180_000 },
  (direction, offset) => {
    const at = (name: string) => join(scratch.path, `${direction}-${name}`)

    it("has windows of its own time only: the last 15 minutes there are not those of others", async () => {
      const store = `folder:${at("window-store")}`
      const wrong = makeMachine(ENTRY, at("window-wrong"), "wrong")
      const right = makeMachine(ENTRY, at("window-right"), "right")
      const clock = skewed(offset)
      await right.must(["sync", "init", "--no-encrypt", "--store", store])
      await wrong.must(["sync", "init", "--no-encrypt", "--store", store], clock)
      const now = Math.floor(Date.now() / 1000) // the true time, which the skewed program does not see
      // What shells capture has the time of their clock.
      await record(right.data, [`${direction} kept by the right one`], now - 60)
      await record(wrong.data, [`${direction} secret of the wrong one`], now - 60 + offset / 1_000)
      await wrong.must(["sync"], clock)
      await right.must(["sync"])
      await wrong.must(["sync"], clock)
      await wrong.must(["forget", "--since", "15m", "--yes"], clock)
      await wrong.must(["sync"], clock)
      await right.must(["sync"])
      await wrong.must(["sync"], clock)
      const kept = new Set([`${direction} kept by the right one`])
      expect(commandsOf(wrong)).toEqual(kept)
      expect(commandsOf(right)).toEqual(kept)
      // A window on all devices is one of that clock too: what the right one captured is not in it.
      await wrong.must(["forget", "--since", "15m", "--all-devices", "--yes"], clock)
      await record(right.data, [`${direction} captured later`], now)
      for (const [machine, env] of [
        [wrong, clock],
        [right, {}],
        [wrong, clock]
      ] as const)
        await machine.must(["sync"], env)
      for (const machine of [wrong, right])
        expect(commandsOf(machine)).toEqual(new Set([...kept, `${direction} captured later`]))
    })
  }
)
