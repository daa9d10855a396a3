/** The built program on a machine of its own, in processes that can be killed while they run. */

import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds. */
  readonly took: number
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export interface Machine {
  readonly name: string
  readonly home: string
  readonly data: string
  readonly start: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Running
  readonly run: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Promise<Ended>
  /** Fails where the command does. */
  readonly must: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Promise<Ended>
}

export interface MachineOptions {
  /** The data directory, where it is not in the home. */
  readonly data?: string
  /** Who runs hx there; whoever runs the tests, if nobody is named. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/** `program` is dist/hx.js or a copy of it. */
export const makeMachine = (
  program: string,
  home: string,
  name: string,
  { data, user }: MachineOptions = {}
): Machine => {
  mkdirSync(home, { recursive: true })
  const own = {
    HOME: home,
    PATH: process.env["PATH"] ?? "",
    TZ: "UTC",
    LANG: "C.UTF-8",
    SHELL: "/bin/zsh",
    NO_COLOR: "1",
    HX_DATA_DIR: data ?? join(home, "data"),
    HX_CONFIG_DIR: join(home, "config")
  }
  const start: Machine["start"] = (words, env = {}) =>
    watch(
      spawn(process.execPath, [program, ...words], {
        env: { ...own, ...env },
        cwd: home,
        ...user,
        stdio: ["ignore", "pipe", "pipe"]
      })
    )
  const run: Machine["run"] = (words, env) => start(words, env).ended
  return {
    name,
    home,
    data: own.HX_DATA_DIR,
    start,
    run,
    must: async (words, env) => {
      const ended = await run(words, env)
      if (ended.code === 0) return ended
      throw new Error(`${name}: hx ${words.join(" ")}: ${ended.code ?? ended.signal}\n${ended.stdout}${ended.stderr}`)
    }
  }
}

const watch = (child: ChildProcess): Running => {
  const began = performance.now()
  const out: Array<Buffer> = []
  const error: Array<Buffer> = []
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk))
  child.stderr?.on("data", (chunk: Buffer) => error.push(chunk))
  const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) =>
      resolve({ code, signal, stdout: text(out), stderr: text(error), took: performance.now() - began })
    )
  })
  return { child, ended }
}
