/** Where the demo is played: devices in temporary directories, commands run by the built program, all of it shown as on a terminal. */

import { spawn, type ChildProcess } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { styleText } from "node:util"

export const HX = join(process.cwd(), "dist", "hx.js")

/** Something is not as it has to be. */
export class DemoFailure extends Error {}

export interface Device {
  readonly name: string
  readonly data: string
  readonly env: Readonly<Record<string, string>>
}

export interface Stage {
  readonly directory: string
  /** The variables that every device has. */
  readonly env: Readonly<Record<string, string>>
  /** What devices run at the moment. */
  readonly running: Set<ChildProcess>
}

export const makeDevice = (stage: Stage, name: string): Device => {
  const home = join(stage.directory, name)
  const [data, config] = [join(home, "data"), join(home, "config")]
  mkdirSync(config, { recursive: true, mode: 0o700 })
  return { name, data, env: { ...stage.env, HOME: home, HX_DATA_DIR: data, HX_CONFIG_DIR: config } }
}

/** Runs `hx` with these words on a device and shows both, the command and what it says; anything but success ends the demo. */
export const hx = async (stage: Stage, device: Device, ...words: ReadonlyArray<string>): Promise<string> => {
  show(device, ["hx", ...words])
  return run(stage, device, process.execPath, [HX, ...words], true)
}

/** Any other program, shown the same way. */
export const shellCommand = async (stage: Stage, device: Device, ...words: ReadonlyArray<string>): Promise<string> => {
  show(device, words)
  return run(stage, device, words[0] ?? "", words.slice(1), true)
}

/** Asks without showing: for checks. */
export const ask = async <A>(stage: Stage, device: Device, ...words: ReadonlyArray<string>): Promise<A> =>
  JSON.parse(await run(stage, device, process.execPath, [HX, ...words, "--json"], false)) as A

export const heading = (text: string): void => {
  afterProof = false
  console.log(`\n${styled("bold", `── ${text} ${"─".repeat(Math.max(0, 96 - text.length))}`)}\n`)
}

export const say = (text: string): void => console.log(styled("dim", text))

export const proved = (text: string): void => {
  console.log(`${styled("green", "✔")} ${text}`)
  afterProof = true
}

/** Shows it as proved, or ends the demo. */
export const check = (holds: boolean, claim: string): void => {
  if (!holds) throw new DemoFailure(`This does not hold: ${claim}`)
  proved(claim)
}

export const plainText = !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== ""

export const styled = (style: Parameters<typeof styleText>[0], text: string): string =>
  plainText ? text : styleText(style, text)

/** Proofs stand together, with space around them. */
let afterProof = false

const show = (device: Device, words: ReadonlyArray<string>): void => {
  const line = words.map((word) => (/^[\w./:=@+-]+$/.test(word) ? word : `"${word}"`)).join(" ")
  if (afterProof) console.log("")
  afterProof = false
  console.log(`${styled("cyan", device.name)} $ ${styled("bold", line)}`)
}

const run = (stage: Stage, device: Device, command: string, words: ReadonlyArray<string>, shown: boolean) =>
  new Promise<string>((resolve, reject) => {
    const child = spawn(command, words, { cwd: stage.directory, env: device.env, stdio: ["ignore", "pipe", "pipe"] })
    stage.running.add(child)
    const [out, all]: [Array<Buffer>, Array<Buffer>] = [[], []]
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk)
      all.push(chunk)
      if (shown) process.stdout.write(chunk)
    })
    child.stderr.on("data", (chunk: Buffer) => {
      all.push(chunk)
      if (shown) process.stdout.write(chunk)
    })
    child.on("error", reject)
    child.on("close", (code) => {
      stage.running.delete(child)
      if (shown) console.log("")
      if (code === 0) return resolve(Buffer.concat(shown ? all : out).toString("utf8"))
      const line = [command, ...words].join(" ")
      const said = shown ? "" : `\n${Buffer.concat(all).toString("utf8")}`
      reject(new DemoFailure(`This ended with exit code ${code}: ${line}${said}`))
    })
  })
