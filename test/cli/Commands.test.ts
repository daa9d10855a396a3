/** Every command there is: what its help has to say, and that nothing it says is wrong. New commands are held to it without being named here. */

import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, Either, Exit, Layer, Option } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import { read } from "../../src/cli/CommandLine.ts"
import { hx } from "../../src/cli/Commands.ts"
import { type CommandNode, listed, shapeOf, toCommand } from "../../src/cli/CommandTree.ts"
import { placesOf, commonOptions } from "../../src/cli/Completions.ts"
import { bashCompletions } from "../../src/cli/CompletionsBash.ts"
import { fishCompletions } from "../../src/cli/CompletionsFish.ts"
import { zshCompletions } from "../../src/cli/CompletionsZsh.ts"
import { EXIT_CODES } from "../../src/cli/ExitCodes.ts"
import { aboutOf, helpOf } from "../../src/cli/Help.ts"
import { TOPICS } from "../../src/cli/topics/Topics.ts"
import { topicText } from "../../src/cli/TopicText.ts"
import { ALL } from "../../src/platform/SyncSettings.ts"

type Node = CommandNode<unknown, unknown>
type Path = readonly [Node, ...ReadonlyArray<Node>]

const scratch = mkdtempSync(join(tmpdir(), "hx-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const below = (path: Path): ReadonlyArray<Path> => [
  path,
  ...(path.at(-1) ?? path[0]).children.flatMap((child) => below([...path, child]))
]
const nameOf = (path: Path): string => path.map(({ name }) => name).join(" ")
const PATHS = below([hx])
const COMMANDS = PATHS.map((path) => [nameOf(path), path] as const)

describe.each(COMMANDS)("%s --help", (name, path) => {
  const node = path.at(-1) ?? path[0]
  const about = aboutOf(path)
  const help = helpOf(path)

  it("says how it is called and what it does, in a sentence", () => {
    expect(help.startsWith(`Usage: ${name} `)).toBe(true)
    expect(help).toContain(`\n\n${node.summary}\n`)
    expect(node.summary).toMatch(/^[A-Z].*[.:)]$/)
    expect(node.summary).not.toMatch(/[\n`']s\b$/)
  })

  it("explains each argument and option, with its default where it has one", () => {
    for (const [subject, meaning] of [...about.arguments, ...about.options]) {
      expect({ subject, meaning }).toEqual({ subject, meaning: expect.stringMatching(/\S{2,}/) as string })
      expect(help).toContain(subject)
    }
    for (const { fallback, option } of defaultsOf(node.own)) {
      const [, meaning = ""] = about.options.find(([spelling]) => spelling.startsWith(option)) ?? []
      // `orElse` in Options.ts.
      expect(meaning).toContain(`(default ${fallback})`)
    }
  })

  it("gives at least two examples, and names the variables it reads", () => {
    expect(node.examples.length).toBeGreaterThanOrEqual(2)
    for (const example of node.examples) expect(help).toContain(`  hx ${example}\n`)
    if (node.runs) expect(help).toContain("HX_DATA_DIR")
    if (name.startsWith("hx sync")) expect(help).toMatch(/HX_SYNC_\*[^]*AWS_\*/)
  })

  it("fits any terminal", () => {
    for (const columns of [60, 80, 100]) {
      const long = helpOf(path, columns)
        .split("\n")
        // What is to be copied stays whole, and so does a name that is longer than the line.
        .filter((line) => line.length > columns && !/^ {2}hx |^Usage|^ {7}hx /.test(line) && line.trim().includes(" "))
      expect(long).toEqual([])
    }
  })
})

/** The options below a command of @effect/cli that have a default; only their parts tell. */
const defaultsOf = (part: unknown): ReadonlyArray<{ readonly option: string; readonly fallback: unknown }> => {
  if (typeof part !== "object" || part === null) return []
  if ("_tag" in part && part._tag === "WithDefault" && "fallback" in part && !Option.isOption(part.fallback)) {
    // A switch that is not given is off.
    if (part.fallback === false) return []
    return [{ option: `--${singleName(part)}`, fallback: part.fallback }]
  }
  return Object.values(part).flatMap(defaultsOf)
}

const singleName = (part: object): string =>
  "name" in part && typeof part.name === "string"
    ? part.name
    : (Object.values(part)
        .filter((value): value is object => typeof value === "object" && value !== null && !Option.isOption(value))
        .map(singleName)
        .find((name) => name !== "") ?? "")

/** The words that a shell makes of each line, with `hx` standing for a program that prints them. */
const wordsOf = (shell: string, lines: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const out = join(scratch, `words-${shell}`)
  const home = mkdtempSync(join(scratch, "home-"))
  const script = `hx() { printf '%s\\0' "$@" >> '${out}'; printf '\\n\\0' >> '${out}'; }
    mkdir -p ~/.zfunc ~/.local/share/bash-completion/completions ~/.config/fish/completions
    ${lines.map((line) => `hx ${line}`).join("\n")}\n`
  const { status, stderr } = spawnSync(shell, ["-c", script], {
    cwd: home,
    env: { PATH: process.env["PATH"], HOME: home },
    encoding: "utf8"
  })
  expect({ shell, status, stderr }).toEqual({ shell, status: 0, stderr: "" })
  return readFileSync(out, "utf8")
    .split("\n\0")
    .slice(0, -1)
    .map((call) => call.split("\0").slice(0, -1))
}

const EXAMPLES = PATHS.flatMap((path) => (path.at(-1) ?? path[0]).examples.map((example) => [path, example] as const))
const SHELLS = ["bash", "zsh"].filter((shell) => spawnSync(shell, ["--version"]).status === 0)

describe("every example", () => {
  const lines = EXAMPLES.map(([, example]) => example)

  it.each(SHELLS)("is understood by %s as it stands", (shell) => {
    expect(wordsOf(shell, lines)).toHaveLength(lines.length)
  })

  it("is a command line that hx takes, down to the values of its options", async () => {
    for (const [index, words] of wordsOf("bash", lines).entries()) {
      const [path, example] = EXAMPLES[index] ?? [[hx] as const, ""]
      const request = Either.getOrThrowWith(
        read<unknown, unknown>(hx, words),
        (error) => new Error(`${example}: ${error}`)
      )
      if (request._tag !== "Run") throw new Error(`hx ${example} runs nothing`)
      // An example of a command is one of it, or of what is below it.
      expect(`hx ${example} `.startsWith(`${nameOf(path)} `)).toBe(true)
      const parsed = await Effect.runPromiseExit(
        Command.run(toCommand(harmless(request.tree)), { name: "hx", version: "" })([
          "",
          "",
          ...request.words.slice(1)
        ]).pipe(Effect.provide(Layer.merge(NodeContext.layer, CliConfig.layer({ isCaseSensitive: true }))))
      )
      expect({ example, understood: Exit.isSuccess(parsed) }).toEqual({ example, understood: true })
    }
  })
})

/** The same command lines, but nothing is done. */
const harmless = (node: Node): CommandNode<never, never> => ({
  ...node,
  own: node.own.pipe(Command.withHandler(() => Effect.void)),
  children: node.children.map(harmless)
})

it("defaults are found where there are some", () => {
  const find = hx.children.find(({ name }) => name === "find")
  expect(defaultsOf(find?.own)).toContainEqual({ option: "--limit", fallback: 50 })
})

describe("completions", () => {
  const places = placesOf(hx)
  const scripts = {
    zsh: zshCompletions(places, "1"),
    bash: bashCompletions(places, "1"),
    fish: fishCompletions(places, "1")
  }

  it("know every command and every option, and no hidden one", () => {
    for (const path of PATHS) {
      const node = path.at(-1) ?? path[0]
      if (path.some(({ hidden }) => hidden)) {
        for (const script of Object.values(scripts)) expect(script).not.toContain(`'${nameOf(path)}'`)
        continue
      }
      const place = places.find((one) => one.path === nameOf(path))
      expect(place, nameOf(path)).toBeDefined()
      for (const child of listed(node)) expect(place?.commands).toContainEqual([child.name, child.summary])
      const known = place?.options.flatMap(({ names }) => names)
      expect(known).toEqual(shapeOf(node.own).options.flatMap(({ names }) => names))
      for (const option of [...(place?.options ?? []), ...commonOptions()]) {
        for (const name of option.names) {
          expect(scripts.bash).toContain(name)
          expect(scripts.zsh).toContain(`'${name}:`)
          expect(scripts.fish).toMatch(
            new RegExp(name.startsWith("--") ? `-l ${name.slice(2)}\\b` : `-s ${name.slice(1)}\\b`)
          )
        }
      }
    }
  })

  it("know the values of every choice, and which values are files", () => {
    for (const { options } of places) {
      for (const { placeholder, value } of options) {
        if (placeholder.includes(" | ")) expect(value).toEqual({ _tag: "Choices", choices: placeholder.split(" | ") })
        if (placeholder === "FILE") expect(value).toEqual({ _tag: "Files" })
      }
    }
  })

  it("are scripts that the shells can read", () => {
    for (const [shell, script] of Object.entries(scripts)) {
      if (spawnSync(shell, ["--version"]).status !== 0) continue
      const file = join(scratch, `completions.${shell}`)
      writeFileSync(file, script)
      const { status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" })
      expect({ shell, status, stderr }).toEqual({ shell, status: 0, stderr: "" })
    }
  })
})

describe("topics", () => {
  const page = async (name: string): Promise<string> => {
    const topic = TOPICS.find((one) => one.name === name)
    return topic === undefined ? "" : topicText(await topic.load(), Number.POSITIVE_INFINITY)
  }

  it("are in the help of hx, and each fits the terminal", async () => {
    for (const { load, name, summary } of TOPICS) {
      expect(helpOf([hx])).toContain(summary)
      for (const columns of [60, 80, 100]) {
        const lines = topicText(await load(), columns).split("\n")
        const long = lines.filter((line) => line.length > columns && !line.startsWith("  "))
        expect({ name, long }).toEqual({ name, long: [] })
      }
    }
  })

  it("environment has every setting with its form and default, and every variable that the sources name", async () => {
    const text = await page("environment")
    for (const setting of ALL) {
      const line = text.split("\n").find((one) => one.startsWith(`  ${setting.variable} `))
      expect(line).toContain(setting.form)
      const fallback = setting.show(setting.fallback)
      expect(line).toContain(fallback === "–" ? "no default" : `default ${fallback}`)
      // What it is for, before its form: PURPOSES in topics/Environment.ts.
      expect(line).toMatch(/^ {2}\S+ +[a-z][^:]{10,}: /)
    }
    const sources = fileURLToPath(new URL("../../src", import.meta.url))
    const named = readdirSync(sources, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => readFileSync(join(sources, file), "utf8").match(/\b(HX|AWS|XDG)_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [])
    const unknown = [...new Set(named)].filter((name) => !text.includes(`  ${name} `) && !NOT_FOR_USERS.includes(name))
    expect(unknown).toEqual([])
  })

  it("exit-codes has every code, as the README has them", async () => {
    const text = await page("exit-codes")
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
    for (const [code, meaning] of EXIT_CODES) {
      expect(text).toMatch(new RegExp(`^ +${code} +${meaning}$`, "m"))
      expect(readme).toMatch(new RegExp(`^\\| ${code} +\\| ${meaning} +\\|$`, "m"))
    }
    for (const words of ["Access Denied", "Connection refused", "Sequence number conflict", "Wrong vault key"])
      expect(text).toContain(`  ${words}\n`)
  })
})

/** What hx sets for libraries, the build fills in, or a pattern matches. */
const NOT_FOR_USERS = ["HX_VERSION", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"]
