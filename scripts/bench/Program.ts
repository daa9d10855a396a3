/** Running programs and measuring what they cost. */

import { spawn } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"

const root = process.cwd()
/** A copy of the built program, still below the packages that it loads: a build beside the measuring must not disturb it. */
const copy = join(root, "node_modules", ".cache", `hx-bench-${process.pid}`)
export const HX = join(copy, "hx.js")
const PEAK = join(root, "scripts", "bench", "peak.cjs")
const RUN = join(root, "scripts", "run.mjs")

export const takeProgram = (): void => cpSync(join(root, "dist"), copy, { recursive: true })

export const dropProgram = (): void => rmSync(copy, { recursive: true, force: true })

export interface Cost {
  /** Milliseconds from start to end, as one waits for it. */
  readonly wall: number
  /** Milliseconds of processor time, all threads; other work on the machine hardly shows in it. */
  readonly cpu: number
  /** Bytes resident at the peak. */
  readonly memory: number
}

export interface Finished extends Cost {
  readonly stdout: string
}

/** One device: a data and a configuration directory of its own. */
export interface Device {
  readonly data: string
  readonly env: Readonly<Record<string, string>>
}

export const makeDevice = (directory: string): Device => {
  const [data, config] = [join(directory, "data"), join(directory, "config")]
  for (const each of [data, config]) mkdirSync(each, { recursive: true, mode: 0o700 })
  return { data, env: { HX_DATA_DIR: data, HX_CONFIG_DIR: config, HOME: directory } }
}

/** The built program, as that device. */
export const hx = (device: Device, ...words: ReadonlyArray<string>): Promise<Finished> =>
  measured(process.execPath, ["--require", PEAK, HX, ...words], device)

/** Without the measuring, which takes a little itself: for start-up. */
export const plainHx = (device: Device, ...words: ReadonlyArray<string>) =>
  timed(process.execPath, [HX, ...words], device)

export const timed = async (
  command: string,
  words: ReadonlyArray<string>,
  device?: Device
): Promise<{ readonly wall: number; readonly stdout: string }> => {
  const began = performance.now()
  const stdout = await output(command, words, device?.env ?? {})
  return { wall: performance.now() - began, stdout }
}

/** A script of ours, in a process of its own; it tells its result as JSON on its last line. */
export const worker = async <A>(name: string, ...words: ReadonlyArray<string>): Promise<A> => {
  const stdout = await output(
    process.execPath,
    [RUN, join(root, "scripts", "bench", "workers", `${name}.ts`), ...words],
    {}
  )
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as A
}

/** A line of POSIX shell. The memory of its programs is not known. */
export const shell = async (line: string): Promise<Cost> => {
  const { stdout, wall } = await timed("/bin/sh", ["-c", `set -e; ${line}; times`])
  const [, children = ""] = stdout.trimEnd().split("\n").slice(-2)
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60_000 * Number(minutes) + 1000 * Number(seconds),
    0
  )
  return { wall, cpu, memory: 0 }
}

let costs = 0

const measured = async (command: string, words: ReadonlyArray<string>, device: Device): Promise<Finished> => {
  const file = join(device.data, "..", `cost-${costs++}.json`)
  const { stdout, wall } = await timed(command, words, { ...device, env: { ...device.env, HX_BENCH_COST: file } })
  const { cpu, memory } = JSON.parse(readFileSync(file, "utf8")) as Omit<Cost, "wall">
  rmSync(file)
  return { wall, cpu, memory, stdout }
}

const running = new Set<ReturnType<typeof spawn>>()

/** Ends what is under way: for Ctrl-C. */
export const stopAll = (): void => {
  for (const child of running) child.kill("SIGKILL")
}

const output = (
  command: string,
  words: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd: root,
      env: { ...inherited(), ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    running.add(child)
    const [out, err]: [Array<Buffer>, Array<Buffer>] = [[], []]
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
    child.on("error", reject)
    child.on("close", (code) => {
      running.delete(child)
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"))
      else
        reject(new Error(`${[command, ...words].join(" ")}\nexit code ${code}\n${Buffer.concat(err).toString("utf8")}`))
    })
  })

/** The user's own hx settings and shells are none of ours. */
export const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !/^(HX_|AWS_|XDG_)/.test(entry[0])
    )
  )
