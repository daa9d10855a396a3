/**
 * A campaign of kills: two machines of one vault take in, forget, publish and fetch, change keys, retire others, repair, leave and come back, and whatever
 * they do is killed with SIGKILL, often several times over, before it may end. A third machine takes in and forgets the same and is never disturbed.
 *
 * A kill comes at a moment (spread over the time that the command takes undisturbed), at a call of the file system (before it, after it, or in the
 * middle of a write, by Shim.c), or at a request to the store (the server never hears of it, or does it and nobody hears the answer).
 *
 * After every kill: the database is sound; everything that was acknowledged, by an exit code of 0 or by a printed report, is there; nothing is there that
 * nobody took in, or that is forgotten; what is atomic is there as a whole or not at all. Then the command is run again, must succeed, and in the
 * end all three machines know the same. Everything is drawn from the seed; how long a machine needs for a command is not.
 */

import { createHash } from "node:crypto"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { SeededRandom } from "../../scripts/generator/SeededRandom.ts"
import type { FaultProxy } from "../store/FaultProxy.ts"
import { type Known, readKnown } from "./Known.ts"
import { type Ended, type Machine, makeMachine } from "./Machine.ts"
import { readJournal, type Shim, SIDES } from "./Shim.ts"
import { EXPORTS, upkeep } from "./Upkeep.ts"

export interface Grounds {
  /** dist/hx.js */
  readonly program: string
  /** For homes and files. */
  readonly directory: string
  readonly shim: Shim | undefined
  /** A new store each time. */
  readonly newStore: () => string
  /** What stands before the store, where that is a server. */
  readonly proxy: FaultProxy | undefined
  /** The objects of a store, behind hx's back. */
  readonly behind: (store: string) => Behind
}

export interface Behind {
  readonly names: () => Promise<ReadonlyArray<string>>
  readonly remove: (name: string) => Promise<void>
}

export interface Tally {
  readonly kills: Record<"moment" | "call" | "request", number>
  /** Kills by command: "sync push". */
  readonly commands: Record<string, number>
  /** Runs that ended before their kill came. */
  survived: number
  /** Runs of hx, all told. */
  runs: number
  rounds: number
}

export const newTally = (): Tally => ({
  kills: { moment: 0, call: 0, request: 0 },
  commands: {},
  survived: 0,
  runs: 0,
  rounds: 0
})

export const killsOf = ({ kills }: Tally): number => kills.moment + kills.call + kills.request

/** Goes on until `enough` says so, and always to the end of a round. Throws what does not hold, with the seed. */
export const campaign = async (
  grounds: Grounds,
  seed: number,
  enough: (tally: Tally) => boolean,
  tally = newTally()
) => {
  const run = new Campaign(grounds, new SeededRandom(seed), tally)
  try {
    await run.begin()
    do await run.round()
    while (!enough(tally))
    await run.converge()
    await run.sameExports()
  } catch (cause) {
    throw new Error(`seed ${seed}, after ${killsOf(tally)} kills\n${run.lately()}`, { cause })
  }
  return tally
}

export interface Player {
  readonly machine: Machine
  /** What it has acknowledged, forgotten things apart. */
  readonly told: Set<string>
}

/** What must hold after a kill; `ended`: it may have been acknowledged just before. */
type Check = (known: Known, ended: Ended) => void

/** How many rounds are about keys, devices, repairs and the like. */
const UPKEEP = 0.4

export const SETTINGS = {
  HX_SYNC_SEGMENT_SIZE: "64KiB",
  HX_SYNC_MAX_RETRIES: "2",
  HX_SYNC_RETRY_DELAY: "5ms",
  HX_SYNC_MAX_RETRY_DELAY: "20ms"
}

/** Its rounds; those of Upkeep.ts are given one. */
export class Campaign {
  readonly grounds: Grounds
  readonly random: SeededRandom
  readonly #tally: Tally
  readonly store: string
  readonly players: ReadonlyArray<Player>
  readonly undisturbed: Machine
  /** All that was ever given to somebody; all that somebody was told to forget. */
  readonly given = new Set<string>()
  readonly forgotten = new Set<string>()
  /** Words that a file's commands have in common, by who took it in. */
  readonly files: Array<{ readonly word: string; readonly path: string; readonly player: Player }> = []
  /** By kind of command: milliseconds, calls and requests of an undisturbed run. */
  readonly #sizes = new Map<string, { took: number; calls: number; requests: number }>()
  readonly #log: Array<string> = []
  key = ""
  number = 0

  constructor(grounds: Grounds, random: SeededRandom, tally: Tally) {
    this.grounds = grounds
    this.random = random
    this.#tally = tally
    this.store = grounds.newStore()
    this.players = ["a", "b"].map((name) => ({ machine: this.machine(name), told: new Set() }))
    this.undisturbed = this.machine("undisturbed")
  }

  /** What was done last, for whoever has to find out why. */
  lately(): string {
    return this.#log.slice(-25).join("\n")
  }

  async begin() {
    const [first, second] = this.players
    if (first === undefined || second === undefined) return
    await this.init(first, this.store, "")
    await this.init(second, this.store, this.key)
  }

  async round() {
    this.#tally.rounds++
    const player = this.random.pick(this.players)
    const other = this.players.find((each) => each !== player) ?? player
    if (this.random.chance(UPKEEP)) await this.random.pick(upkeep)(this, player, other)
    else await this.#everyday(player, other)
    if (this.#tally.rounds % 6 === 0) await this.converge()
  }

  async #everyday(player: Player, other: Player) {
    await this.random.pickSkewed([
      () => this.#publish(player, other),
      () => this.import(player),
      () => this.import(player),
      () => this.#forget(player),
      () => this.#sync(player),
      () => this.#again(player),
      () => this.#newcomer(),
      () => this.#otherVault()
    ])()
  }

  /** Everybody knows the same, and what everybody should know. */
  async converge() {
    const env = SETTINGS
    for (const { machine } of [...this.players, ...this.players]) await this.must(machine, ["sync"], env)
    for (const { machine } of this.players) await this.must(machine, ["sync", "pull"], env)
    const expected = new Set([...this.given].filter((command) => !this.forgotten.has(command)))
    const reference = readKnown(this.undisturbed.data)
    same(reference.commands, expected, "the undisturbed machine's commands")
    for (const { machine } of this.players) {
      const known = readKnown(machine.data)
      same(known.commands, expected, `${machine.name}'s commands`)
      if (known.digest !== reference.digest) throw new Error(`${machine.name} knows other things of the same commands`)
    }
  }

  /** The same, told by hx itself. */
  async sameExports() {
    const machines = [this.undisturbed, ...this.players.map(({ machine }) => machine)]
    const digests: Array<string> = []
    for (const machine of machines) {
      const { stdout } = await this.must(machine, ["export", "--file", "-"])
      digests.push((JSON.parse(stdout) as { digest: string }).digest)
    }
    if (new Set(digests).size !== 1) throw new Error(`digests differ: ${digests.join(", ")}`)
  }

  machine(name: string): Machine {
    return makeMachine(this.grounds.program, join(this.grounds.directory, name), name)
  }

  /** A few commands, and now and then enough of them for several segments; forgotten, perhaps, by the heir. */
  async import(player: Player, heir = player) {
    const word = `w${this.number++}x${this.random.hex(6)}`
    const many = this.random.chance(0.15) ? this.random.between(1_500, 4_000) : this.random.between(1, 40)
    const commands = Array.from({ length: many }, (_, index) => `run ${word} ${index} ${this.random.hex(40)}`)
    const path = join(this.grounds.directory, `${word}.zsh`)
    const second = 1_600_000_000 + this.number * 10_000
    writeFileSync(path, commands.map((command, index) => `: ${second + index}:0;${command}\n`).join(""))
    for (const command of commands) this.given.add(command)
    const words = ["import", "--file", path, "--host", "host"]
    await this.disturb(player, words, (known, ended) => {
      const there = commands.filter((command) => known.commands.has(command)).length
      if (there !== 0 && there !== commands.length) throw new Error(`${there} of ${commands.length} were taken in`)
      if (there === 0 && acknowledged(ended)) throw new Error("an acknowledged import is missing")
    })
    for (const command of commands) player.told.add(command)
    this.files.push({ word, path, player: heir })
    await this.must(this.undisturbed, words)
  }

  /** A file once more: nothing changes. */
  async #again(player: Player) {
    if (this.files.length === 0) return this.import(player)
    const { path } = this.random.pick(this.files)
    const before = readKnown(player.machine.data)
    const words = ["import", "--file", path, "--host", "host"]
    await this.disturb(player, words, () => undefined)
    await this.must(this.undisturbed, words)
    for (const command of before.commands) player.told.add(command)
    // The other machine's file may be news here.
    for (const command of readKnown(player.machine.data).commands) player.told.add(command)
  }

  async #forget(player: Player) {
    const own = this.files.filter((file) => file.player === player)
    if (own.length === 0) return this.import(player)
    const { word } = this.random.pick(own)
    const gone = [...this.given].filter((command) => command.includes(word))
    // From here on it may be gone, and when it is acknowledged it must be.
    for (const each of this.players) for (const command of gone) each.told.delete(command)
    const before = gone.filter((command) => readKnown(player.machine.data).commands.has(command)).length
    const words = ["forget", "--match", word, "--yes"]
    await this.disturb(player, words, (known, ended) => {
      const left = gone.filter((command) => known.commands.has(command)).length
      if (left !== 0 && left !== before) throw new Error(`${left} of ${before} are left`)
      if (left !== 0 && acknowledged(ended)) throw new Error("what is acknowledged to be forgotten is there")
    })
    for (const command of gone) this.forgotten.add(command)
    await this.must(this.undisturbed, words)
  }

  async #publish(player: Player, other: Player) {
    await this.disturb(player, ["sync", "push"], () => undefined)
    await this.disturb(other, ["sync", "pull"], () => undefined)
    this.hasTold(player, other)
  }

  async #sync(player: Player) {
    await this.disturb(player, ["sync"], () => undefined)
  }

  /** What one has published and the other has fetched, the other has. */
  hasTold(player: Player, other: Player) {
    const known = readKnown(other.machine.data)
    const missing = [...player.told].filter((command) => !known.commands.has(command) && !this.forgotten.has(command))
    if (missing.length > 0) throw new Error(`${other.machine.name} lacks ${missing.length}: ${missing[0]}`)
    for (const command of player.told) other.told.add(command)
  }

  async init(player: Player, store: string, key: string) {
    let shown = ""
    const look = ({ stdout }: Ended) => {
      const line = /^ *(hx1[a-z0-9]{50,})$/m.exec(stdout)?.[1]
      if (line !== undefined && shown !== "" && shown !== line) throw new Error("two recovery keys were shown")
      shown = line ?? shown
    }
    const env = key === "" ? {} : { HX_SYNC_KEY: key }
    const ended = await this.disturb(player, ["sync", "init", "--store", store], (_, each) => look(each), env)
    look(ended)
    const { stdout } = await this.must(player.machine, ["sync", "key", "--json"])
    this.key = (JSON.parse(stdout) as { recoveryKey: string }).recoveryKey
    if (shown !== "" && shown !== this.key) throw new Error("the key that was shown is not that of the vault")
    if (key !== "" && key !== this.key) throw new Error("it joined with another key")
  }

  /** A machine that joins, sees everything that is published, and goes; or the same one after a reset. */
  async #newcomer() {
    const machine = this.machine(`newcomer-${this.number++}`)
    const player: Player = { machine, told: new Set() }
    const key = this.key
    await this.converge()
    await this.init(player, this.store, key)
    await this.disturb(player, ["sync", "pull"], () => undefined)
    if (this.random.chance(0.4)) {
      await this.disturb(player, ["sync", "reset"], () => undefined)
      await this.init(player, this.store, "")
      await this.disturb(player, ["sync", "pull"], () => undefined)
    }
    this.key = key
    const [first] = this.players
    if (first !== undefined)
      same(readKnown(machine.data).commands, readKnown(first.machine.data).commands, machine.name)
    rmSync(machine.home, { recursive: true, force: true })
  }

  /** A vault that is founded under kills, and works. */
  async #otherVault() {
    const key = this.key
    const store = this.grounds.newStore()
    const founder: Player = { machine: this.machine(`founder-${this.number++}`), told: new Set() }
    const joiner: Player = { machine: this.machine(`joiner-${this.number++}`), told: new Set() }
    await this.init(founder, store, "")
    const command = `echo ${founder.machine.name}`
    const file = join(this.grounds.directory, `${founder.machine.name}.zsh`)
    writeFileSync(file, `: 1500000000:0;${command}\n`)
    this.given.add(command)
    await this.must(founder.machine, ["import", "--file", file, "--host", "host"])
    founder.told.add(command)
    await this.disturb(founder, ["sync", "push"], () => undefined)
    await this.init(joiner, store, this.key)
    await this.disturb(joiner, ["sync", "pull"], () => undefined)
    this.hasTold(founder, joiner)
    this.given.delete(command)
    this.key = key
    for (const { machine } of [founder, joiner]) rmSync(machine.home, { recursive: true, force: true })
  }

  async must(
    machine: Machine,
    words: ReadonlyArray<string>,
    env: Readonly<Record<string, string>> = {}
  ): Promise<Ended> {
    this.#tally.runs++
    this.#log.push(`${machine.name}: hx ${words.join(" ")}`)
    return machine.must(words, env)
  }

  /** Kills the command a few times, looks at what each kill left, and then lets it run. */
  async disturb(
    player: Player,
    words: ReadonlyArray<string>,
    check: Check,
    env: Readonly<Record<string, string>> = {}
  ) {
    const times = this.random.pickSkewed([2, 1, 3, 5])
    for (let time = 0; time < times; time++) {
      const ended = await this.#killed(player.machine, words, { ...SETTINGS, ...env })
      this.#look(player, ended, check)
      if (acknowledged(ended)) break
    }
    const journal = join(this.grounds.directory, `journal-${this.number++}`)
    const counting = this.grounds.shim?.around([player.machine.data, this.grounds.directory], { journal }) ?? {}
    this.grounds.proxy?.plan(() => undefined)
    const last = await this.must(player.machine, words, { ...SETTINGS, ...env, ...counting })
    this.#look(player, last, check)
    const size = this.#sizes.get(kindOf(words))
    const calls = readJournal(journal).length
    const requests = this.grounds.proxy?.requests.length ?? 0
    rmSync(journal, { force: true })
    // A run after one that got far has little to do: the largest counts, and fades.
    this.#sizes.set(kindOf(words), {
      took: Math.max(last.took, (size?.took ?? 0) * 0.8),
      calls: Math.max(calls, (size?.calls ?? 0) * 0.8),
      requests: Math.max(requests, (size?.requests ?? 0) * 0.8)
    })
    return last
  }

  #look({ machine, told }: Player, ended: Ended, check: Check) {
    const known = readKnown(machine.data)
    if (known.integrity !== "ok" && !(known.integrity === "none" && told.size === 0)) {
      throw new Error(`${machine.name}'s database: ${known.integrity}`)
    }
    for (const command of told) if (!known.commands.has(command)) throw new Error(`${machine.name} has lost ${command}`)
    for (const command of known.commands) {
      if (!this.given.has(command)) throw new Error(`${machine.name} has what nobody gave it: ${command}`)
    }
    check(known, ended)
  }

  async #killed(machine: Machine, words: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Promise<Ended> {
    const { proxy, shim } = this.grounds
    const size = this.#sizes.get(kindOf(words)) ?? { took: 500, calls: 40, requests: 4 }
    const how = this.random.pick([
      "moment" as const,
      ...(shim === undefined ? [] : ["call" as const]),
      ...(proxy !== undefined && size.requests > 0 ? ["request" as const] : [])
    ])
    const at = this.random.unit()
    const side = this.random.pick(SIDES)
    const call = 1 + Math.floor(at * size.calls)
    const roots = [machine.data, ...["stores", EXPORTS].map((name) => join(this.grounds.directory, name))]
    const around = how === "call" ? (shim?.around(roots, { act: { do: "kill", at: call, side } }) ?? {}) : {}
    proxy?.plan(() => undefined)
    const { child, ended } = machine.start(words, { ...env, ...around })
    let timer: NodeJS.Timeout | undefined
    if (how === "moment") timer = setTimeout(() => child.kill("SIGKILL"), at * size.took)
    const request = Math.floor(at * size.requests)
    if (how === "request") {
      proxy?.plan((index) => {
        if (index !== request) return undefined
        child.kill("SIGKILL")
        return side === "before" ? { kind: "reset" } : { kind: "lost response" }
      })
    }
    const last = await ended
    clearTimeout(timer)
    this.#tally.runs++
    const where =
      how === "moment"
        ? `${Math.round(at * size.took)} ms`
        : how === "call"
          ? `call ${call} ${side}`
          : `request ${request} ${side}`
    this.#log.push(`${machine.name}: hx ${words.join(" ")} | ${where} | ${last.signal ?? last.code}`)
    if (last.signal === "SIGKILL") {
      this.#tally.kills[how]++
      this.#tally.commands[kindOf(words)] = 1 + (this.#tally.commands[kindOf(words)] ?? 0)
    } else if (last.code === 0) this.#tally.survived++
    else throw new Error(`${machine.name}: hx ${words.join(" ")}: ${last.code}\n${last.stdout}${last.stderr}`)
    return last
  }
}

/** An exit code of 0, or a report: what is on standard output is printed when all is done. */
export const acknowledged = ({ code, stdout }: Ended): boolean => code === 0 || stdout !== ""

/** The words before the first argument: "sync key rotate". */
const kindOf = (words: ReadonlyArray<string>): string => {
  const end = words.findIndex((word) => !/^[a-z]+$/.test(word))
  return words.slice(0, end === -1 ? words.length : end).join(" ")
}

export const same = (found: ReadonlySet<string>, expected: ReadonlySet<string>, what: string) => {
  const missing = [...expected].filter((each) => !found.has(each))
  const added = [...found].filter((each) => !expected.has(each))
  if (missing.length + added.length === 0) return
  throw new Error(
    `${what}: ${missing.length} missing (${missing[0] ?? ""}), ${added.length} too many (${added[0] ?? ""})`
  )
}

/** Where stores in folders are, below the directory of a campaign. */
export const folderStores = (directory: string): (() => string) => {
  const name = createHash("sha1").update(directory).digest("hex").slice(0, 6)
  mkdirSync(join(directory, "stores"), { recursive: true })
  let number = 0
  return () => `folder:${join(directory, "stores", `${name}-${number++}`)}`
}
