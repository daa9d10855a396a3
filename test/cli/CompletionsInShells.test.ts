/** Completions in the shells themselves: what they offer, and what they put into the line for names that are hostile to a shell. */

import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { file, live, SECOND, T0 } from "../db/Samples.ts"
import { ENTRY, makeDevice, makeScratch } from "./Hx.ts"
import { openTerminal, tmuxWorks } from "./Tmux.ts"

const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0

const scratch = makeScratch()
afterAll(scratch.remove)

const device = makeDevice(scratch.path, "one")
const files = join(scratch.path, "files")
const bin = join(scratch.path, "bin")
const env = { ...device.env, PATH: `${bin}:${device.env["PATH"]}`, LC_ALL: "C.UTF-8", HISTFILE: "/dev/null" }

/** What a host may be called by whoever writes into the store. */
const HOSTILE = [
  "plain-host",
  "with blank",
  "quote'it",
  'double"it',
  "sub$(touch pwned)",
  "tick`touch pwned`",
  "semi;touch pwned",
  "back\\slash",
  "bang!!",
  "glob*?[a]",
  "-rf",
  "~root",
  "a:b=c",
  "größe"
]
const UNSEEN = ["new\nline", "escape\u001B[31m", "bidi\u202Egnp", "zero\u200Bwidth", "bell\u0007"]

const script = (shell: string): string => join(scratch.path, `completions.${shell}`)

beforeAll(async () => {
  mkdirSync(bin)
  mkdirSync(join(files, "folder"), { recursive: true })
  writeFileSync(join(files, "history old.txt"), "")
  writeFileSync(join(bin, "hx"), `#!/bin/sh\nexec '${process.execPath}' '${ENTRY}' "$@"\n`)
  chmodSync(join(bin, "hx"), 0o755)
  const entries = [...HOSTILE, ...UNSEEN].map((host, index) => live(`echo ${index}`, T0 + index * SECOND, { host }))
  const recorded = Effect.flatMap(HistoryDb, ({ log }) => log.record(entries)).pipe(
    Effect.provide(file(join(device.data, "history.db")))
  )
  await Effect.runPromise(recorded) // the edge: these tests drive the shells from outside
  for (const shell of ["zsh", "bash", "fish"])
    writeFileSync(script(shell), (await device.hx(["completions", shell])).stdout)
}, 60_000)

const run = (program: string, words: ReadonlyArray<string>): string => {
  const { status, stderr, stdout } = spawnSync(program, words, { env, cwd: files, encoding: "utf8" })
  expect({ program, status, stderr }).toEqual({ program, status: 0, stderr: "" })
  return stdout
}

const pwned = (): boolean => [files, device.home].some((directory) => readdirSync(directory).includes("pwned"))

/** Waits until hx, which stands for a function that writes down its words, was called with these. */
const given = (expected: ReadonlyArray<string>) =>
  expect
    .poll(() => (existsSync(join(files, "words")) ? readFileSync(join(files, "words"), "utf8").split("\0") : []), {
      timeout: 15_000
    })
    .toEqual([...expected, ""])

describe.skipIf(!has("fish"))("in fish", { timeout: 60_000 }, () => {
  /** The candidates for a line that is being typed, with what is said of each. */
  const candidates = (line: string): ReadonlyArray<readonly [word: string, meaning: string]> =>
    run("fish", ["--no-config", "-c", `source ${script("fish")}; complete -C "$argv[1]"`, line])
      .split("\n")
      .filter((row) => row !== "")
      .map((row) => [row.split("\t")[0] ?? "", row.split("\t")[1] ?? ""] as const)
  const words = (line: string) => candidates(line).map(([word]) => word)

  it("commands and subcommands, with what they do", () => {
    expect(words("hx ")).toEqual(expect.arrayContaining(["find", "sync", "help", "completions"]))
    expect(words("hx ")).not.toContain("completion-values")
    expect(candidates("hx sync pu")).toContainEqual(["push", "Publishes what is new here."])
    expect(words("hx --log-level debug sync p")).toEqual(["pull", "push"])
    expect(words("hx sync push p")).toEqual([])
  })

  it("options of the command and of every command, and values, also behind =", () => {
    expect(words("hx sync push --")).toEqual(expect.arrayContaining(["--force", "--dry-run", "--json", "--help"]))
    expect(words("hx sync push --")).not.toContain("--limit")
    expect(words("hx find --ho")).toEqual(["--host"])
    expect(words("hx import --format ")).toEqual(["bash", "fish", "json", "jsonl", "zsh"])
    expect(words("hx import --format=js")).toEqual(["--format=json", "--format=jsonl"])
    expect(words("hx sync --log-level w")).toEqual(["warning"])
    expect(words("hx completions ")).toEqual(["bash", "fish", "zsh"])
  })

  it("files where a file is meant, directories where one is, and neither elsewhere", () => {
    expect(words("hx import --file hist")).toEqual(["history old.txt"])
    expect(words("hx find --cwd ")).toEqual(["folder/"])
    expect(words("hx sync ")).not.toContain("folder/")
    expect(words("hx show ")).not.toContain("folder/")
  })

  it("topics and commands for hx help", () => {
    expect(words("hx help s")).toEqual(expect.arrayContaining(["sync", "stores", "security", "status"]))
    expect(words("hx help sync pu")).toEqual(["pull", "push"].filter((word) => word.startsWith("pu")))
  })

  it("hosts of the history, all that can be seen", () => {
    expect([...words("hx find --host ")].sort()).toEqual([...HOSTILE].sort())
    expect(pwned()).toBe(false)
  })
})

describe.skipIf(!has("bash"))("in bash", { timeout: 60_000 }, () => {
  /** What bash is told for words of which the last is being typed, and what completes files instead. */
  const reply = (...words: ReadonlyArray<string>): ReadonlyArray<string> =>
    run("bash", [
      "--norc",
      "-c",
      `source ${script("bash")}; compopt() { printf 'compopt %s\\0' "$2"; }
       COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _hx hx "\${!#}" ""
       ((\${#COMPREPLY[@]})) && printf '%s\\0' "\${COMPREPLY[@]}"; true`,
      "bash",
      ...words
    ])
      .split("\0")
      .filter((word) => word !== "")

  it("commands, subcommands, options, values", () => {
    expect(reply("hx", "")).toEqual(expect.arrayContaining(["find", "sync", "help", "completions"]))
    expect(reply("hx", "")).not.toContain("completion-values")
    expect(reply("hx", "sync", "p")).toEqual(["push", "pull"])
    expect(reply("hx", "--log-level", "debug", "sync", "pus")).toEqual(["push"])
    expect(reply("hx", "sync", "push", "--")).toEqual(
      expect.arrayContaining(["--force", "--dry-run", "--json", "--help"])
    )
    expect(reply("hx", "find", "--ho")).toEqual(["--host"])
    expect(reply("hx", "import", "--format", "")).toEqual(["zsh", "bash", "fish", "json", "jsonl"])
    expect(reply("hx", "sync", "--log-level", "w")).toEqual(["warning"])
    expect(reply("hx", "completions", "f")).toEqual(["fish"])
    expect(reply("hx", "help", "sto")).toEqual(["stores"])
    expect(reply("hx", "sync", "--", "p")).toEqual([])
  })

  it("values behind =, whether or not bash takes it for the end of a word", () => {
    expect(reply("hx", "import", "--format", "=", "js")).toEqual(["json", "jsonl"])
    expect(reply("hx", "import", "--format", "=")).toHaveLength(5)
    expect(reply("hx", "import", "--format=js")).toEqual(["--format=json", "--format=jsonl"])
    expect(reply("hx", "import", "--format", "=", "json", "--fi")).toEqual(["--file"])
  })

  it("files where a file is meant, and none elsewhere", () => {
    expect(reply("hx", "import", "--file", "hist")).toEqual(["compopt default"])
    expect(reply("hx", "find", "--cwd", "")).toEqual(["compopt dirnames"])
    expect(reply("hx", "import", "--file=hist")).toEqual(["--file=history old.txt"])
    expect(reply("hx", "sync", "hist")).toEqual([])
  })

  it("hosts of the history, each quoted so that the line has one word that is the host", () => {
    const quoted = reply("hx", "find", "--host", "")
    expect(quoted).toHaveLength(HOSTILE.length)
    const back = run("bash", ["--norc", "-c", `printf '%s\\0' ${quoted.join(" ")}`])
    expect(
      back
        .split("\0")
        .filter((word) => word !== "")
        .sort()
    ).toEqual([...HOSTILE].sort())
    expect(reply("hx", "find", "--host", "with\\ b")).toEqual(["with\\ blank"])
    expect(reply("hx", "find", "--host", "'wi")).toEqual(["with blank"])
    expect(reply("hx", "find", "--host", "'quo")).toEqual([])
    expect(reply("hx", "find", "--host", '"su')).toEqual([])
    expect(pwned()).toBe(false)
  })

  it.skipIf(!tmuxWorks)("as it is typed", { timeout: 60_000 }, async () => {
    const { close, press, shows, type } = openTerminal("bash", ["bash", "--norc"], { env, cwd: files })
    try {
      type(`PS1='> '; source ${script("bash")}; clear\n`)
      await shows(/^> *$/m)
      type("hx sync pus\t--for\t# done\n")
      await shows(/hx sync push --force # done/)
      press("C-u")
      type("clear\n")
      await shows(/^> *\n*$/)
      type("hx import --file hist\t")
      await shows(/--file history\\ old\.txt/)
      press("C-u")
      type("hx() { printf '%s\\0' \"$@\" > words; }\n")
      type("hx find --host semi\t\n")
      await given(["find", "--host", "semi;touch pwned"])
      // Bash closes the quote itself.
      type("hx find --host 'with\t\n")
      await given(["find", "--host", "with blank"])
      expect(pwned()).toBe(false)
    } finally {
      close()
    }
  })
})

describe.skipIf(!has("zsh") || !tmuxWorks)("in zsh", { timeout: 60_000 }, () => {
  const open = async () => {
    const terminal = openTerminal("zsh", ["zsh", "-f"], { env, cwd: files })
    const setup = [
      "PS1='> '; unsetopt beep",
      `autoload -Uz compinit; compinit -D -u`,
      `source ${script("zsh")}`,
      // A second Tab lists at once and never asks whether to.
      "LISTMAX=1000; setopt no_always_last_prompt",
      "hx() { printf '%s\\0' \"$@\" > words }",
      "clear; print ready"
    ]
    terminal.type(`${setup.join("; ")}\n`)
    await terminal.shows(/^ready\n> *$/m)
    return terminal
  }

  it("commands, options and values are listed with what they mean", async () => {
    const { close, press, shows, type } = await open()
    try {
      type("hx sync \t")
      await shows(/push +-- Publishes what is new here\./)
      press("C-u")
      type("hx sync push --\t")
      const options = await shows(/--force +-- Also over a store/)
      expect(options).toMatch(/--json +-- One JSON object/)
      expect(options).not.toContain("--limit")
      press("C-u")
      type("hx find --ho\t")
      await shows(/hx find --host/)
      press("C-u")
      type("hx import --format \t")
      await shows(/bash +fish +json +jsonl +zsh/)
      press("C-u")
      type("hx import --format=js\tl # done\n")
      await shows(/--format=jsonl # done/)
      press("C-u")
      type("hx help sto\t")
      await shows(/hx help stores/)
    } finally {
      close()
    }
  })

  it("files, and names from the history, come quoted into the line", async () => {
    const { close, press, type } = await open()
    try {
      type("hx import --file hist\t\n")
      await given(["import", "--file", "history old.txt"])
      for (const [typed, host] of [
        ["semi", "semi;touch pwned"],
        ["sub", "sub$(touch pwned)"],
        ["tick", "tick`touch pwned`"],
        ["quote", "quote'it"],
        ["back", "back\\slash"],
        ["gl", "glob*?[a]"]
      ] as const) {
        type(`hx find --host ${typed}\t\n`)
        await given(["find", "--host", host])
      }
      press("C-u")
      expect(pwned()).toBe(false)
    } finally {
      close()
    }
  })
})
