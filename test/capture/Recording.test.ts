/** What is typed in real shells, with the hook as users install it, is in the history as it was typed, and the shells are as they were. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { HookedShell } from "../../src/capture/HookedShells.ts"
import { makeDevice, makeScratch } from "../cli/Hx.ts"
import { ending, INTERRUPT, KILL, lacks, type Line, openShell, recorded, SHELLS, starting, strace } from "./Shells.ts"

const scratch = makeScratch()
afterAll(scratch.remove)

let devices = 0
const newDevice = () => makeDevice(scratch.path, `device-${++devices}`)

const LONG = `echo ${"0123456789".repeat(600)}`

interface Typed {
  readonly line: Line
  /** What is to be found; undefined: the line. */
  readonly command?: string
  readonly exit: number | null
}

const typed = (line: string, exit = 0): Typed => ({ line, exit })

/** Lines that mean the same in all three. */
const COMMON: ReadonlyArray<Typed> = [
  typed("echo one"),
  typed("false", 1),
  typed("echo one"),
  typed("echo one"),
  typed("false | true"),
  typed("true | false", 1),
  typed("echo 'ä ✓ 日本' \"*\" \\\\ '%s %d'"),
  { line: ['echo "first', 'second  line"'], command: 'echo "first\nsecond  line"', exit: 0 },
  typed("no-such-command-at-all", 127),
  typed("sh -c 'kill -9 $$'", 137),
  typed("cd /"),
  typed("sleep 0.01 &"),
  typed("echo done; sh -c 'exit 42'", 42),
  typed(LONG)
]

const OWN: Readonly<Record<HookedShell, ReadonlyArray<Typed>>> = {
  zsh: [
    typed("for i in 1 2; do echo $i; done"),
    typed("(exit 7)", 7),
    typed("ll() { return 3 }; ll", 3),
    { line: ["cat <<EOF", "body $HOME", "EOF"], command: "cat <<EOF\nbody $HOME\nEOF", exit: 0 }
  ],
  bash: [
    typed("for i in 1 2; do echo $i; done"),
    typed("(exit 7)", 7),
    typed("ll() { return 3; }; ll", 3),
    typed("! true", 1),
    typed("[[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}"),
    { line: ["cat <<EOF", "body $HOME", "EOF"], command: "cat <<EOF\nbody $HOME\nEOF", exit: 0 },
    { line: Buffer.from("echo '\xff\xfe'", "latin1"), command: "echo '\u{10ffff}\u{10fffe}'", exit: 0 }
  ],
  fish: [typed("for i in 1 2; echo $i; end"), typed("not true", 1), typed("begin; false; end", 1)]
}

describe.each(SHELLS)("%s", { timeout: 120_000 }, (shell) => {
  it.skipIf(lacks(shell) !== "")(`records what is typed, and how it ended${lacks(shell)}`, async () => {
    const device = newDevice()
    const more = { zsh: "setopt histignorespace\n", bash: "HISTCONTROL=ignoreboth\n", fish: "" }[shell]
    const { type } = await openShell(device, shell, more)
    const lines = [...COMMON, ...OWN[shell]]
    await type([...lines.map(({ line }) => line), " echo never", ending("exit 3")])
    const wanted = [...lines, typed("exit 3", 3)].map(({ command, exit, line }) => ({ command: command ?? line, exit }))
    expect(await recorded(device)).toEqual(wanted)
  })

  it.skipIf(lacks(shell) !== "")(
    `records what Ctrl-C ends, and a command under which the shell is killed${lacks(shell)}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(device, shell)
      await type([starting("sleep 31"), INTERRUPT, "echo again", starting("sleep 32"), KILL])
      expect(await recorded(device)).toEqual([
        { command: "sleep 31", exit: 130 },
        { command: "echo again", exit: 0 },
        { command: "sleep 32", exit: null }
      ])
    }
  )

  it.skipIf(lacks(shell) !== "")(
    `records nothing while paused, in shells that are open already${lacks(shell)}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(device, shell)
      await type(["echo before", "hx pause", "echo secret", "hx resume", "echo after"])
      expect((await recorded(device)).map(({ command }) => command)).toEqual(["echo before", "hx pause", "echo after"])
    }
  )

  it.skipIf(lacks(shell) !== "")(
    `leaves nothing of the commands in its files, which are the user's alone${lacks(shell)}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(device, shell, shell === "fish" ? "umask 000\n" : "umask 000\n")
      await type(["echo tr0ub4dor", ending("exit")])
      expect((await recorded(device)).map(({ command }) => command)).toContain("echo tr0ub4dor")
      const spool = join(device.data, "spool")
      expect(statSync(spool).mode & 0o777).toBe(0o700)
      for (const name of readdirSync(spool)) {
        expect(readFileSync(join(spool, name)).includes("tr0ub4dor"), name).toBe(false)
        expect(statSync(join(spool, name)).mode & 0o077, name).toBe(0)
      }
    }
  )

  it.skipIf(lacks(shell) !== "" || strace === "")(
    `starts ${shell === "fish" ? "one process" : "no process"} for a command${lacks(shell)}${strace === "" ? " (skipped: no strace)" : ""}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(device, shell)
      const processes = async (commands: number) => {
        const trace = join(device.home, `trace-${commands}`)
        await type(
          Array.from({ length: commands }, () => (shell === "fish" ? "true" : ":")),
          { strace: trace }
        )
        return readFileSync(trace, "utf8")
          .split("\n")
          .filter((line) => /(clone3?|v?fork)\(/.test(line) && !/CLONE_THREAD/.test(line)).length
      }
      // The first command of a shell also starts the background run; so a few are counted against many.
      const [few, many] = [await processes(3), await processes(13)]
      expect(many - few).toBeLessThanOrEqual(shell === "fish" ? 10 : 0)
    }
  )
})

describe("bash as it was", { timeout: 120_000 }, () => {
  const shell = "bash"

  it.skipIf(lacks(shell) !== "")(
    `keeps $?, $_, PIPESTATUS, and traps and PROMPT_COMMAND of others${lacks(shell)}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(
        device,
        shell,
        `trap 'seen=$BASH_COMMAND' DEBUG\ntrap 'echo bye > ~/bye' EXIT\nPROMPT_COMMAND='pc=$?'\n`
      )
      const lines = [
        "false",
        "echo code=$? pc=$pc",
        "true | false | true",
        "echo pipe=${PIPESTATUS[*]}",
        "echo seen=$seen",
        ending("exit")
      ]
      const screen = (await type(lines)).join("\n")
      for (const shown of ["code=1 pc=1", "pipe=0 1 0", "seen=echo seen=$seen"]) expect(screen).toContain(shown)
      expect(existsSync(join(device.home, "bye"))).toBe(true)
      expect((await recorded(device)).map(({ command }) => command)).toEqual([...lines.slice(0, -1), "exit"])
    }
  )

  it.skipIf(lacks(shell) !== "")(
    `goes on when somebody else takes the DEBUG trap, and in a shell that is set -eu${lacks(shell)}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(device, shell)
      const lines = [
        "echo a last",
        "echo last=$_",
        "trap 'd=1' DEBUG",
        "echo x",
        "shopt -s extdebug",
        "echo works",
        "set -eu",
        "echo on"
      ]
      const screen = (await type([...lines, ending("false")])).join("\n")
      expect(screen).toContain("last=last")
      expect(screen).toContain("works")
      expect((await recorded(device)).map(({ command }) => command)).toEqual([...lines, "false"])
    }
  )
})

describe("zsh as it was", { timeout: 120_000 }, () => {
  it.skipIf(lacks("zsh") !== "")(
    `keeps $?, pipestatus, and hooks of others; its history file adds nothing that was recorded${lacks("zsh")}`,
    async () => {
      const device = newDevice()
      const { type } = await openShell(
        device,
        "zsh",
        "HISTFILE=~/.zsh_history\nSAVEHIST=1000\nsetopt extendedhistory incappendhistory\nprecmd() { seen=$?:$pipestatus }\npreexec() { got=$1 }\n"
      )
      const lines = [
        "false",
        "echo code=$? seen=$seen",
        "true | false | true",
        "echo pipe=$pipestatus",
        "echo got=$got"
      ]
      const screen = (await type([...lines, ending("exit")])).join("\n")
      for (const shown of ["code=1 seen=1:1", "pipe=0 1 0", "got=echo got=$got"]) expect(screen).toContain(shown)
      const imported = await device.json(["import", "--file", join(device.home, ".zsh_history")])
      expect(imported).toMatchObject({ files: [{ read: 6, shadowed: 6 }] })
      expect((await recorded(device)).map(({ command }) => command)).toEqual([...lines, "exit"])
    }
  )
})
