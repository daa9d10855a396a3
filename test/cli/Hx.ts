/** Runs the built program as a user would, on a device of its own: a home directory that nothing else uses, and none of this machine's settings. */

import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const ENTRY = fileURLToPath(new URL("../../dist/hx.js", import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly stdoutBytes: Buffer
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What standard input gives before it ends; undefined: it stays open and gives nothing. */
  readonly stdin?: string | Uint8Array
  readonly cwd?: string
}

export interface Device {
  readonly home: string
  readonly data: string
  readonly env: Readonly<Record<string, string>>
  readonly hx: (words: ReadonlyArray<string>, options?: RunOptions) => Promise<Ran>
  /** The object that --json printed. Fails where the command does. */
  readonly json: (words: ReadonlyArray<string>, options?: RunOptions) => Promise<Record<string, unknown>>
}

/** A folder for devices and stores, and how to be rid of it. */
export const makeScratch = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), "hx-test-"))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export const makeDevice = (scratch: string, name: string): Device => {
  const home = join(scratch, name)
  mkdirSync(home, { recursive: true })
  const env = { HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC", SHELL: "/bin/zsh", LANG: "C.UTF-8" }
  const hx: Device["hx"] = (words, options = {}) => run(words, { ...env, ...options.env }, options)
  return {
    home,
    data: join(home, ".local", "share", "hx"),
    env,
    hx,
    json: async (words, options) => {
      const ran = await hx([...words, "--json"], options)
      if (ran.code !== 0) throw new Error(`hx ${words.join(" ")}: exit code ${ran.code}\n${ran.stderr}`)
      return JSON.parse(ran.stdout) as Record<string, unknown>
    }
  }
}

const run = (words: ReadonlyArray<string>, env: NodeJS.ProcessEnv, options: RunOptions): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, ...words], { env, cwd: options.cwd ?? env["HOME"] })
    const out: Array<Buffer> = []
    const error: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => error.push(chunk))
    child.stdin.on("error", () => {})
    if (options.stdin !== undefined) child.stdin.end(options.stdin)
    child.on("error", reject)
    child.on("close", (code, signal) => {
      const stdoutBytes = Buffer.concat(out)
      const stderr = Buffer.concat(error).toString("utf8")
      resolve({ code, signal, stdout: stdoutBytes.toString("utf8"), stderr, stdoutBytes })
    })
  })
