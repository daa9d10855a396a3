/** Real shells with the hook installed as users install it, typed on in a terminal of their own (Terminal.py). */

import { spawn, spawnSync } from "node:child_process"
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { HookedShell } from "../../src/capture/HookedShells.ts"
import { type Device, ENTRY } from "../cli/Hx.ts"

const found = (program: string): string => spawnSync("which", [program], { encoding: "utf8" }).stdout.trim()

const python = process.env["HX_TEST_PYTHON"] ?? found("python3")

export const SHELLS: ReadonlyArray<HookedShell> = ["zsh", "bash", "fish"]

/** Why a test of this shell cannot be run here; "" where it can. */
export const lacks = (shell: HookedShell): string => {
  if (python === "") return " (skipped: no python3 to type with)"
  return found(shell) === "" ? ` (skipped: no ${shell})` : ""
}

export const strace = found("strace")

export type Line = string | Uint8Array | ReadonlyArray<string>

/** For Terminal.py: kills the shell, presses Ctrl-C, starts what is not waited for, types what ends the shell. */
export const KILL = "\0kill"
export const INTERRUPT = "\0intr"
export const starting = (line: string): Line => ["\0start", line]
export const ending = (line: string): Line => ["\0end", line]

/** What makes a shell easy to look at; `more` goes in before the hook. */
const RC: Readonly<Record<HookedShell, { readonly file: string; readonly text: string }>> = {
  zsh: { file: ".zshrc", text: "PS1='PS> '\nunset zle_bracketed_paste\nunsetopt promptsp\nHISTSIZE=1000\n" },
  bash: { file: ".bashrc", text: "PS1='PS> '\nbind 'set enable-bracketed-paste off'\n" },
  fish: {
    file: ".config/fish/config.fish",
    text: "function fish_prompt; echo -n 'PS> '; end\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n"
  }
}

export interface Typist {
  /** Types these lines in a new shell, and gives what the screen was sent after each, and at the first prompt. */
  readonly type: (lines: ReadonlyArray<Line>, options?: { readonly strace?: string }) => Promise<ReadonlyArray<string>>
  readonly rc: string
}

/** The shell of a device, with `hx` in its PATH. */
export const openShell = async (device: Device, shell: HookedShell, more = "", after = ""): Promise<Typist> => {
  const bin = join(device.home, "bin")
  mkdirSync(bin, { recursive: true })
  const program = join(bin, "hx")
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${ENTRY}" "$@"\n`)
  chmodSync(program, 0o755)
  const rc = join(device.home, RC[shell].file)
  // Without it fish makes completions of every manual there is, in the background.
  mkdirSync(join(device.home, ".local", "share", "fish", "generated_completions"), { recursive: true })
  mkdirSync(join(rc, ".."), { recursive: true })
  writeFileSync(rc, RC[shell].text + more)
  const installed = await device.hx(["hook", "install", shell])
  if (installed.code !== 0) throw new Error(installed.stderr)
  appendFileSync(rc, after)
  const path = `${bin}:${device.env["PATH"] ?? ""}`
  const env = { ...device.env, PATH: path, TERM: "xterm", SHELL: found(shell), USER: "tester" }
  return {
    rc,
    type: (lines, options = {}) => {
      const argv = [found(shell), "-i"]
      const traced = options.strace === undefined ? argv : [...straced(options.strace), ...argv]
      return play({ argv: traced, env, cwd: device.home, lines: lines.map(keysOf) })
    }
  }
}

/** Only what starts a process. */
const straced = (file: string) => [strace, "-f", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o", file]

const keysOf = (line: Line): ReadonlyArray<string> =>
  (typeof line === "string" || line instanceof Uint8Array ? [line] : line).map((each) =>
    Buffer.from(each).toString("base64")
  )

const play = (given: object): Promise<ReadonlyArray<string>> =>
  new Promise((resolve, reject) => {
    const child = spawn(python, [join(import.meta.dirname, "Terminal.py")], { stdio: ["pipe", "pipe", "inherit"] })
    const out: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.on("error", reject)
    child.on("close", () => {
      const lines = Buffer.concat(out).toString("utf8").split("\n").filter(Boolean)
      resolve(lines.map((line) => Buffer.from(JSON.parse(line) as string, "base64").toString("utf8")))
    })
    child.stdin.end(JSON.stringify(given))
  })

/** What was recorded, oldest first. */
export const recorded = async (
  device: Device
): Promise<ReadonlyArray<{ readonly command: string; readonly exit: number | null }>> => {
  const { code, stderr, stdout } = await device.hx(["export", "--file", "-", "--format", "jsonl"])
  if (code !== 0) throw new Error(stderr)
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { command: string; exit: number | null; start: string })
    .sort((a, b) => (a.start < b.start ? -1 : 1))
    .map(({ command, exit }) => ({ command, exit }))
}
