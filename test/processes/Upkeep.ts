/** What people do now and then, killed like everything else in a campaign (Campaign.ts): keys, devices, repairs, exports, leaving and coming back. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { acknowledged, type Campaign, type Player, same, SETTINGS } from "./Campaign.ts"
import { type Known, readKnown } from "./Known.ts"
import { makeMachine } from "./Machine.ts"

/** Below the directory of a campaign. */
export const EXPORTS = "exports"

type Round = (run: Campaign, player: Player, other: Player) => Promise<void>

/** One key comes of it, the one that was told, and it opens everything; the one before opens nothing any more. */
const rotate: Round = async (run, player, other) => {
  const before = run.key
  let shown = before
  const ended = await run.disturb(player, ["sync", "key", "rotate", "--json"], (_, { stdout }) => {
    if (stdout !== "") shown = reported(stdout, "recoveryKey")
  })
  const told = reported(ended.stdout, "recoveryKey")
  const kept = reported((await run.must(player.machine, ["sync", "key", "--json"])).stdout, "recoveryKey")
  if (told !== kept || shown !== kept) throw new Error("the key that was told is not the one that is kept")
  if (kept === before) throw new Error("the key is what it was")
  const half = readdirSync(join(player.machine.data, "keys")).filter((name) => name.endsWith(".next"))
  if (half.length > 0) throw new Error(`of the rotation is left: ${half.join(", ")}`)
  run.key = kept

  // Whoever only pushes finds out with its next pull.
  const stopped = await other.machine.run(["sync", "pull"], SETTINGS)
  if (stopped.code !== 3) throw new Error(`with the old key, a pull ended with ${stopped.code}\n${stopped.stderr}`)
  const late = makeMachine(run.grounds.program, join(run.grounds.directory, `late-${run.number++}`), "late")
  const refused = await late.run(["sync", "init", "--store", run.store], { HX_SYNC_KEY: before })
  if (refused.code !== 3) throw new Error(`the old key joins: ${refused.code}\n${refused.stdout}${refused.stderr}`)
  rmSync(late.home, { recursive: true, force: true })

  await run.init(other, run.store, kept)
  await run.disturb(other, ["sync"], () => undefined)
  await run.disturb(player, ["sync"], () => undefined)
  await everythingOpens(run)
}

/** A third machine comes, publishes, is lost and retired: what it published is this one's, and nothing of it stays in the store. */
const retire: Round = async (run, player, other) => {
  await run.converge()
  const lost: Player = { machine: run.machine(`lost-${run.number++}`), told: new Set() }
  const key = run.key
  await run.init(lost, run.store, key)
  await run.import(lost, player)
  await run.must(lost.machine, ["sync"], SETTINGS)
  const { device } = readKnown(lost.machine.data)
  await run.disturb(player, ["sync", "devices", "forget", device, "--yes"], () => undefined)
  run.hasTold(lost, player)
  await run.disturb(other, ["sync", "pull"], () => undefined)
  run.hasTold(lost, other)
  const left = (await run.grounds.behind(run.store).names()).filter((name) => name.includes(device))
  if (left.some((name) => /\.hx[ms]$/.test(name))) throw new Error(`of the retired device is left: ${left.join(", ")}`)
  rmSync(lost.machine.home, { recursive: true, force: true })
  await everythingOpens(run)
}

/** What is gone of this device's objects is there again, and all is proved. */
const repair: Round = async (run, player) => {
  await run.must(player.machine, ["sync"], SETTINGS)
  const behind = run.grounds.behind(run.store)
  const { device } = readKnown(player.machine.data)
  const own = (await behind.names()).filter((name) => name.includes(device) && /\.hx[ms]$/.test(name))
  for (const name of own) if (run.random.chance(0.6)) await behind.remove(name)
  await run.disturb(player, ["sync", "verify", "--repair"], () => undefined)
  await everythingOpens(run)
}

/** The file is the old one or the new one, and the new one once that is acknowledged. */
const exported: Round = async (run, player) => {
  const directory = join(run.grounds.directory, EXPORTS, `${run.number++}`)
  mkdirSync(directory, { recursive: true })
  const file = join(directory, "backup.json")
  const old = run.random.chance(0.5) ? "an older backup" : ""
  if (old !== "") writeFileSync(file, old)
  await run.disturb(player, ["export", "--file", file], (known, ended) => {
    const now = existsSync(file) ? readFileSync(file, "utf8") : ""
    if (now === old && !acknowledged(ended)) return
    const { entries } = JSON.parse(now) as { readonly entries: ReadonlyArray<{ readonly command: string }> }
    same(new Set(entries.map(({ command }) => command)), known.commands, "the exported commands")
  })
  const strange = readdirSync(directory).filter((name) => name !== "backup.json" && !name.endsWith(".part"))
  if (strange.length > 0) throw new Error(`beside the export: ${strange.join(", ")}`)
  rmSync(directory, { recursive: true })
}

/** It leaves, with or without its key, and comes back as the device that it was. */
const leave: Round = async (run, player, other) => {
  const before = readKnown(player.machine.data)
  const kept = (known: Known) => {
    if (known.digest !== before.digest || known.device !== before.device) throw new Error("leaving changed the history")
  }
  const forgetKey = run.random.chance(0.5)
  await run.disturb(player, ["sync", "reset", ...(forgetKey ? ["--forget-key", "--yes"] : [])], kept)
  const keys = join(player.machine.data, "keys")
  if (forgetKey && existsSync(keys) && readdirSync(keys).length > 0) throw new Error("the key is still there")
  await run.init(player, run.store, forgetKey ? run.key : "")
  await run.disturb(player, ["sync"], () => undefined)
  await run.disturb(other, ["sync", "pull"], () => undefined)
  run.hasTold(player, other)
}

export const upkeep: ReadonlyArray<Round> = [rotate, retire, repair, exported, leave]

/** Proved to the last byte by every machine. */
const everythingOpens = async (run: Campaign) => {
  for (const { machine } of run.players) await run.must(machine, ["sync", "verify"], SETTINGS)
}

const reported = (stdout: string, name: string): string =>
  (JSON.parse(stdout) as Readonly<Record<string, string>>)[name] ?? ""
