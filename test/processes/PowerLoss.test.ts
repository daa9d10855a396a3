/** Promises 1, 5 and 8 when the power fails: whatever was not synced is gone, or half there. */

import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import { ENTRY, makeScratch } from "../cli/Hx.ts"
import { readKnown } from "./Known.ts"
import { type Machine, makeMachine } from "./Machine.ts"
import { ARRIVALS, Disk, restore } from "./PowerLoss.ts"
import { type Call, readJournal } from "./Shim.ts"
import { shim, WITHOUT_SHIM } from "./TheShim.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

const SEED = 20261123
const LONG = process.env["HX_TEST_KILL_SECONDS"] !== undefined
/** How many calls are looked at; about 900 are made. */
const CALLS = LONG ? Infinity : 25
/** How many failures are mended by hx itself, and not only looked at: each takes eight runs. */
const MENDED = LONG ? 12 : 1

interface Acknowledged {
  /** Calls that had been made when the command ended. */
  readonly calls: number
  readonly commands: ReadonlyArray<string>
  readonly gone: ReadonlyArray<string>
  readonly published: ReadonlyArray<string>
}

describe.skipIf(shim === undefined)(`when the power fails${WITHOUT_SHIM}`, { timeout: 240_000 }, () => {
  it("at any call of the file system, what was acknowledged is there, the database is sound, and hx goes on", async () => {
    // Everything, the store too, on one disk that begins empty.
    const disk = join(scratch.path, "disk")
    mkdirSync(disk)
    const journal = join(scratch.path, "journal")
    const env = { ...shim?.around([disk], { journal }), HX_SYNC_SEGMENT_SIZE: "64KiB" }
    const { acknowledged, commands, key } = await live(disk, journal, env)
    const calls = readJournal(journal)
    expect(calls.length).toBeGreaterThan(150)

    const random = new SeededRandom(SEED)
    const lost = new Disk(disk)
    const failures: Array<{ readonly at: number; readonly place: string }> = []
    for (let at = 0; at <= calls.length; at++) {
      const call = calls[at - 1]
      if (call !== undefined) lost.take(call)
      if (at < calls.length && !random.chance(CALLS / calls.length)) continue
      for (const arrival of ARRIVALS) {
        const place = join(scratch.path, "after", `${at}-${arrival.replace(" ", "-")}`)
        restore(lost.afterPowerLoss(arrival, random), disk, place)
        const what = `${arrival} arrived of what was not synced after call ${at}, ${describeCall(call)}`
        expectKept(place, at, acknowledged, commands, what)
        failures.push({ at, place })
      }
    }
    expect(failures.length).toBeGreaterThan(40)
    for (let mended = 0; mended < MENDED; mended++) {
      const { at, place } = random.pick(failures)
      await expectMended(place, at, acknowledged, commands, key)
    }
  })
})

const COMMANDS = Array.from({ length: 30 }, (_, index) => `command z${index}z ${"x".repeat(index * 7)}`)

/** A life: taken in, published, forgotten, taken in again. Gives what each command that ended well has promised from then on. */
const live = async (disk: string, journal: string, env: Readonly<Record<string, string>>) => {
  const machine = machineAt(disk)
  const random = new SeededRandom(SEED)
  const first = COMMANDS.slice(0, 10)
  const second = [
    ...COMMANDS.slice(10),
    ...Array.from({ length: 1_500 }, (_, index) => `long ${index} ${random.hex(40)}`)
  ]
  const files = [first, second].map((commands, index) => {
    const path = join(scratch.path, `history-${index}`)
    writeFileSync(
      path,
      commands.map((command, each) => `: ${1_600_000_000 + index * 10_000 + each}:0;${command}\n`).join("")
    )
    return path
  })
  const store = `folder:${join(disk, "store")}`
  const acknowledged: Array<Acknowledged> = []
  const steps: ReadonlyArray<readonly [words: ReadonlyArray<string>, promise: Partial<Acknowledged>]> = [
    [["import", "--file", files[0] ?? "", "--host", "host"], { commands: first }],
    [["sync", "init", "--store", store], {}],
    [["sync", "push"], { published: first }],
    [["import", "--file", files[1] ?? "", "--host", "host"], { commands: second }],
    [["sync", "push"], { published: second }],
    [["forget", "--match", "z3z", "--yes"], { gone: COMMANDS.filter((each) => each.includes("z3z")) }],
    [["sync"], {}]
  ]
  for (const [words, promise] of steps) {
    await machine.must(words, env)
    acknowledged.push({ calls: readJournal(journal).length, commands: [], gone: [], published: [], ...promise })
  }
  const shown = JSON.parse((await machine.must(["sync", "key", "--json"])).stdout) as { recoveryKey: string }
  return { acknowledged, commands: new Set([...first, ...second]), key: shown.recoveryKey }
}

const machineAt = (disk: string): Machine =>
  makeMachine(ENTRY, join(scratch.path, "home"), "machine", { data: join(disk, "data", "hx") })

const promisedAt = (at: number, all: ReadonlyArray<Acknowledged>) => {
  const promised = all.filter(({ calls }) => calls <= at)
  const gone = new Set(promised.flatMap((each) => each.gone))
  // What is being forgotten may be gone already.
  const going = new Set(all.flatMap((each) => each.gone))
  const kept = (of: ReadonlyArray<string>) => of.filter((command) => !going.has(command))
  return {
    commands: kept(promised.flatMap((each) => each.commands)),
    published: kept(promised.flatMap((each) => each.published)),
    gone
  }
}

const expectKept = (
  place: string,
  at: number,
  acknowledged: ReadonlyArray<Acknowledged>,
  commands: ReadonlySet<string>,
  what: string
) => {
  const known = readKnown(join(place, "data", "hx"))
  const promised = promisedAt(at, acknowledged)
  expect(promised.commands.length === 0 ? "ok" : known.integrity, what).toBe("ok")
  expect(["ok", "none"], what).toContain(known.integrity)
  const missing = promised.commands.filter((command) => !known.commands.has(command))
  expect(missing.length, what).toBe(0)
  for (const command of known.commands) {
    if (!commands.has(command) || promised.gone.has(command)) expect.fail(`${what}: ${command}`)
  }
}

/** The store as another device finds it, and the device itself when it goes on. */
const expectMended = async (
  place: string,
  at: number,
  acknowledged: ReadonlyArray<Acknowledged>,
  commands: ReadonlySet<string>,
  key: string
) => {
  const { published } = promisedAt(at, acknowledged)
  const store = `folder:${join(place, "store")}`
  const reader = makeMachine(ENTRY, `${place}-reader`, "reader")
  if (published.length > 0) {
    await reader.must(["sync", "init", "--store", store], { HX_SYNC_KEY: key })
    await reader.must(["sync", "pull"])
    const known = readKnown(reader.data)
    expect(published.filter((command) => !known.commands.has(command))).toEqual([])
  }
  const machine = machineAt(place)
  for (const path of ["history-0", "history-1"]) {
    await machine.must(["import", "--file", join(scratch.path, path), "--host", "host"])
  }
  // The store is named anew, since it is elsewhere now. That it is the same vault, hx finds by itself, and it has its key.
  await machine.must(["sync", "init", "--store", store])
  await machine.must(["sync"])
  await machine.must(["forget", "--match", "z3z", "--yes"])
  await machine.must(["sync"])
  const gone = new Set(acknowledged.flatMap((each) => each.gone))
  expect(readKnown(machine.data).commands).toEqual(new Set([...commands].filter((each) => !gone.has(each))))
  expect(unreadable(place)).toEqual([])
}

/** Files that somebody else may read. */
const unreadable = (place: string): ReadonlyArray<string> =>
  readdirSync(place, { recursive: true })
    .map((name) => join(place, String(name)))
    .filter((path) => (statSync(path).mode & 0o077) !== 0)

const describeCall = (call: Call | undefined): string =>
  call === undefined ? "the beginning" : `${call.kind} ${call.path}`
