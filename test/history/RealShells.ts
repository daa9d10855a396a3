/** The shells themselves, reading and writing history files: the judges of our formats. */

import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bytesOf, type Bytes } from "./Files.ts"

export type Shell = "zsh" | "bash" | "fish"

export const isInstalled = (shell: Shell): boolean => spawnSync(shell, ["--version"]).status === 0

/** Reads a file with the shell and has it write what it read. */
export const rewrite = (shell: "zsh" | "bash", file: Bytes): Buffer =>
  inDirectory((directory) => {
    const [from, to] = [join(directory, "from"), join(directory, "to")]
    writeFileSync(from, bytesOf(file))
    if (shell === "zsh") run("zsh", ["-fi", "-c", `${ZSH_SETUP}; fc -R '${from}'; fc -W '${to}'`], directory)
    else run("bash", ["--norc", "-c", `${BASH_SETUP}; history -c; history -r '${from}'; history -w '${to}'`], directory)
    return readFileSync(to)
  })

/** Has the shell itself remember these commands and write its file. */
export const write = (shell: "zsh" | "bash", commands: ReadonlyArray<Uint8Array>): Buffer =>
  inDirectory((directory) => {
    const to = join(directory, "to")
    commands.forEach((command, index) => writeFileSync(join(directory, `c${index}`), command))
    const each = (line: (file: string) => string) =>
      commands.map((_, index) => line(join(directory, `c${index}`))).join("\n")
    if (shell === "zsh") {
      const remember = each((file) => `print -rs -- "\${mapfile[${file}]}"`)
      run(
        "zsh",
        ["-fi", "-c", `zmodload zsh/mapfile; ${ZSH_SETUP}; fc -p '${to}.none' 9999 9999\n${remember}\nfc -W '${to}'`],
        directory
      )
    } else {
      const remember = each((file) => `IFS= read -r -d '' c < '${file}'; history -s -- "$c"`)
      run("bash", ["--norc", "-c", `${BASH_SETUP}; history -c\n${remember}\nhistory -w '${to}'`], directory)
    }
    return readFileSync(to)
  })

/** The commands that fish finds in a file, each with its time in seconds (0: none), newest first. */
export const readWithFish = (file: Bytes): ReadonlyArray<readonly [seconds: number, command: Buffer]> =>
  inDirectory((directory) => {
    mkdirSync(join(directory, "fish"))
    writeFileSync(join(directory, "fish", "test_history"), bytesOf(file))
    const out = run("fish", ["-c", "builtin history search --null --show-time='%s|'"], directory)
    return splitAt(out, 0).map((record) => {
      const bar = record.indexOf("|")
      return [Number(record.toString("latin1", 0, bar)), record.subarray(bar + 1)] as const
    })
  })

const ZSH_SETUP = "setopt extended_history; HISTSIZE=9999; SAVEHIST=9999"
const BASH_SETUP = "HISTTIMEFORMAT=%s; HISTSIZE=9999; HISTFILESIZE=9999; HISTCONTROL="

const run = (shell: Shell, options: ReadonlyArray<string>, directory: string): Buffer => {
  const { status, stdout, stderr } = spawnSync(shell, options, {
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory,
      // bash's `read` drops a byte 0x01 that follows half a character of UTF-8; as bytes, it reads everything.
      LC_ALL: shell === "bash" ? "C" : "C.UTF-8",
      TERM: "dumb",
      fish_history: "test"
    },
    maxBuffer: 64 * 1024 * 1024
  })
  if (status !== 0) throw new Error(`${shell} failed: ${stderr.toString()}`)
  return stdout
}

const splitAt = (bytes: Buffer, separator: number): ReadonlyArray<Buffer> => {
  const parts: Array<Buffer> = []
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(separator, from)
    parts.push(bytes.subarray(from, end === -1 ? bytes.length : end))
    from = end === -1 ? bytes.length : end + 1
  }
  return parts
}

const inDirectory = <A>(use: (directory: string) => A): A => {
  const directory = mkdtempSync(join(tmpdir(), "hx-shell-"))
  try {
    return use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
