/** The built program as one device runs it, in processes that can be killed half-way. */

import { type ChildProcess, spawn } from "node:child_process"
import { cpSync, mkdirSync } from "node:fs"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What standard output has shown so far; on a terminal, everything. */
  readonly shown: () => string
}

export interface LargeDevice {
  readonly home: string
  readonly start: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Running
  /** On a terminal of util-linux's script(1). */
  readonly startOnTerminal: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Running
  /** Runs to the end; fails where it does. */
  readonly run: (words: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Promise<string>
}

export const openDevice = (home: string, program: string): LargeDevice => {
  mkdirSync(home, { recursive: true })
  const own = { HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC", LANG: "C.UTF-8", COLUMNS: "200" }
  const start: LargeDevice["start"] = (words, env = {}) =>
    watch(spawn(process.execPath, [program, ...words], { env: { ...own, ...env }, cwd: home }))
  return {
    home,
    start,
    startOnTerminal: (words, env = {}) => {
      const line = [process.execPath, program, ...words].map((word) => `'${word}'`).join(" ")
      const size = `stty cols 200 2>/dev/null; exec ${line}`
      return watch(
        spawn("script", ["-qefc", size, "/dev/null"], { env: { ...own, SHELL: "/bin/sh", ...env }, cwd: home })
      )
    },
    run: async (words, env) => {
      const { code, signal, stderr, stdout } = await start(words, env).ended
      if (code !== 0) throw new Error(`hx ${words.join(" ")}: ${code ?? signal}\n${stderr}`)
      return stdout
    }
  }
}

/** A device that knows what another knew, and is told of no store. */
export const copyDevice = (from: LargeDevice, home: string, program: string): LargeDevice => {
  cpSync(from.home, home, { recursive: true })
  return openDevice(home, program)
}

const watch = (child: ChildProcess): Running => {
  const out: Array<Buffer> = []
  const error: Array<Buffer> = []
  const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk))
  child.stderr?.on("data", (chunk: Buffer) => error.push(chunk))
  child.stdin?.on("error", () => undefined)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve({ code, signal, stdout: text(out), stderr: text(error) }))
  })
  return { child, ended, shown: () => text(out) }
}
