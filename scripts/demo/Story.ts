/** What happens in the demo, act by act. Each act says what it shows, does it by real commands, and checks that it came out so. */

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { S3rverServer, ServedRequest } from "../S3rverServer.ts"
import { writeCommands } from "./DemoHistory.ts"
import { filesUnder, SHORTEST, textsIn } from "./Plaintext.ts"
import {
  ask,
  check,
  type Device,
  DemoFailure,
  heading,
  hx,
  makeDevice,
  say,
  shellCommand,
  type Stage
} from "./Stage.ts"

export interface Scenery {
  readonly stage: Stage
  readonly server: S3rverServer
  readonly bucket: string
  /** History files to begin with. */
  readonly histories: ReadonlyArray<string>
  /** What to look for in them. */
  readonly query: string
}

const SECRET = "export PAYMENT_TOKEN=tok_5eb0ddba11c0ffee"
/** In seconds, after everything else; a demo's clock never matters. */
const LATER = 1_780_000_000

export const play = async (scenery: Scenery): Promise<void> => {
  const laptop = makeDevice(scenery.stage, "laptop")
  const desktop = makeDevice(scenery.stage, "desktop")
  await importHistory(scenery, laptop)
  const key = await publish(scenery, laptop)
  await joinAndFind(scenery, laptop, desktop, key)
  await forget(scenery, laptop, desktop)
  await cloneAndFork(scenery, laptop, desktop)
  tellRequests(scenery.server)
  searchStore(scenery, laptop, key)
}

const importHistory = async ({ histories, stage }: Scenery, laptop: Device): Promise<void> => {
  heading("The history that is there already")
  for (const file of histories) await hx(stage, laptop, "import", "--file", file)
  const file = writeCommands(join(stage.directory, "leaked"), LATER, ["cd ~/payments", SECRET, "./charge --dry-run"])
  await hx(stage, laptop, "import", "--file", file)
  for (const file of histories) {
    const { files } = await ask<Imported>(stage, laptop, "import", "--file", file)
    check(
      files.every(({ added }) => added === 0),
      `importing ${file} again adds nothing`
    )
  }
}

interface Imported {
  readonly files: ReadonlyArray<{ readonly added: number }>
}

/** Gives the recovery key. */
const publish = async ({ bucket, server, stage }: Scenery, laptop: Device): Promise<string> => {
  heading("The laptop founds an encrypted vault in a bucket, and publishes")
  const said = await hx(stage, laptop, "sync", "init", "--store", storeUrl(server, bucket), "--device", laptop.name)
  const key = /^\s*(hx1[a-z0-9]+)\s*$/m.exec(said)?.[1]
  if (key === undefined) throw new DemoFailure("hx sync init shows no recovery key")
  say("(A key to throw away: its vault is gone when the demo ends.)\n")
  const before = server.requests.length
  const pushed = await hx(stage, laptop, "sync", "push", "--verbose")
  const told = Number(/^(\d+) requests?,/m.exec(pushed)?.[1])
  check(told === server.requests.length - before, `the server counted the same ${told} requests`)
  const again = server.requests.length
  await hx(stage, laptop, "sync", "push")
  check(server.requests.length === again, "with nothing new, a push sends nothing at all")
  return key
}

const joinAndFind = async ({ bucket, query, server, stage }: Scenery, laptop: Device, desktop: Device, key: string) => {
  heading("The desktop joins with the recovery key, and has it all")
  const keyFile = join(stage.directory, "recovery-key.txt")
  writeFileSync(keyFile, `${key}\n`, { mode: 0o600 })
  const url = storeUrl(server, bucket)
  await hx(stage, desktop, "sync", "init", "--store", url, "--key-file", keyFile, "--device", desktop.name)
  await hx(stage, desktop, "sync", "pull")
  await hx(stage, desktop, "find", query, "--limit", "5")
  const [here, there] = [await digest(stage, laptop), await digest(stage, desktop)]
  check(here === there, `both devices have the same history (digest ${here.slice(0, 16)}…)`)
}

const forget = async ({ histories, stage }: Scenery, laptop: Device, desktop: Device): Promise<void> => {
  heading("A secret is forgotten, everywhere and for good")
  await hx(stage, desktop, "find", "PAYMENT_TOKEN")
  await hx(stage, laptop, "forget", "--match", "PAYMENT_TOKEN", "--yes")
  await hx(stage, laptop, "sync", "push")
  await hx(stage, desktop, "sync", "pull")
  for (const device of [laptop, desktop]) {
    check((await countFound(stage, device, "PAYMENT_TOKEN")) === 0, `the ${device.name} does not know it any more`)
  }
  await hx(stage, desktop, "import", "--file", join(stage.directory, "leaked"))
  check((await countFound(stage, desktop, "PAYMENT_TOKEN")) === 0, "an old history file does not bring it back")
  for (const device of [laptop, desktop]) {
    const left = filesUnder(device.data).filter(({ bytes }) => textsIn(bytes, [SECRET]).length > 0)
    check(left.length === 0, `no file of the ${device.name} holds its bytes`)
  }
  if (histories.length === 0) throw new DemoFailure("There is no history")
}

const cloneAndFork = async ({ stage }: Scenery, laptop: Device, desktop: Device): Promise<void> => {
  heading("The laptop is cloned, and both go on: neither overwrites the other")
  const clone = makeDevice(stage, "clone")
  await shellCommand(stage, laptop, "cp", "-a", laptop.data, clone.data)
  for (const device of [laptop, clone]) {
    const file = join(stage.directory, `${device.name}_history`)
    writeCommands(file, LATER + 3600, [`echo made on the ${device.name}`])
    await hx(stage, device, "import", "--file", file)
    await hx(stage, device, "sync", "push")
  }
  await hx(stage, desktop, "sync", "pull")
  await hx(stage, desktop, "find", "echo made on the")
  check((await countFound(stage, desktop, "echo made on the")) === 2, "what both of them ran is there")
  await hx(stage, laptop, "sync")
  await hx(stage, clone, "sync")
  const digests = new Set([await digest(stage, laptop), await digest(stage, clone), await digest(stage, desktop)])
  check(digests.size === 1, "all three have the same history again")
}

const tellRequests = ({ requests }: S3rverServer): void => {
  heading("What it took, as the server counted it")
  const kinds = new Map<string, Array<ServedRequest>>()
  for (const request of requests) kinds.set(kindOf(request), [...(kinds.get(kindOf(request)) ?? []), request])
  const sum = (all: ReadonlyArray<ServedRequest>, of: (request: ServedRequest) => number) =>
    all.reduce((total, request) => total + of(request), 0).toLocaleString("en")
  const line = (kind: string, all: ReadonlyArray<ServedRequest>) =>
    `${kind.padEnd(8)}${String(all.length).padStart(5)} requests ${sum(all, (each) => each.received).padStart(12)} bytes up ${sum(all, (each) => each.sent).padStart(12)} bytes down`
  for (const [kind, all] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(line(kind, all))
  console.log(line("together", requests))
  say(
    "(This little server knows no conditional writes, which hx found out by trying; so it reads each manifest before and after writing it.)"
  )
}

const kindOf = ({ method, target }: ServedRequest): string =>
  method === "GET" && target.includes("list-type=2") ? "LIST" : method

/** What the bucket holds is searched for every command of the history, byte by byte; the search itself is tried on the plain files. */
const searchStore = ({ bucket, histories, server, stage }: Scenery, laptop: Device, key: string): void => {
  heading("The bucket holds no plaintext")
  const objects = filesUnder(join(server.directory, bucket)).filter(({ name }) => name.endsWith("_S3rver_object"))
  for (const { bytes, name } of objects) {
    console.log(`${bytes.length.toLocaleString("en").padStart(10)} ${name.replace(/\._S3rver_object$/, "")}`)
  }
  console.log("")
  const commands = commandsOf(stage, laptop)
  const searched = [...commands].filter((command) => Buffer.byteLength(command) >= SHORTEST && !command.includes("\n"))
  const stored = Buffer.concat(objects.map(({ bytes }) => bytes))
  const plain = Buffer.concat(histories.map((file) => readFileSync(file)))
  const control = textsIn(plain, searched).length
  check(
    control > 0.5 * searched.length,
    `the search finds ${control.toLocaleString("en")} of ${searched.length.toLocaleString("en")} commands in the plain history`
  )
  check(objects.length >= 4, `the bucket holds ${objects.length} objects, ${stored.length.toLocaleString("en")} bytes`)
  const leaked = textsIn(stored, [...searched, SECRET, key, laptop.name, "payments", "/home/"])
  check(leaked.length === 0, "it finds none of them there, nor the key, nor a device's name")
}

/** As of the last time that its digest was taken. */
const commandsOf = (stage: Stage, device: Device): ReadonlySet<string> => {
  const file = join(stage.directory, `${device.name}.json`)
  const { entries } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly entries: ReadonlyArray<{ readonly command: string }>
  }
  return new Set(entries.map(({ command }) => command))
}

const digest = async (stage: Stage, device: Device): Promise<string> => {
  const file = join(stage.directory, `${device.name}.json`)
  await ask(stage, device, "export", "--file", file)
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly digest: string }).digest
}

const countFound = async (stage: Stage, device: Device, text: string): Promise<number> => {
  const { entries } = await ask<{ readonly entries: ReadonlyArray<unknown> }>(stage, device, "find", text)
  return entries.length
}

const storeUrl = ({ endpoint }: S3rverServer, bucket: string): string =>
  `s3://${bucket}/ada?endpoint=${endpoint}&path_style=true&region=us-east-1`
