import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { read } from "../../src/cli/CommandLine.ts"
import { group, leaf } from "../../src/cli/CommandTree.ts"
import * as Refusals from "../../src/cli/Refusals.ts"

const about = { summary: "For the tests.", examples: ["a", "b"] as const }
const nothing = () => Effect.void

const find = leaf(
  Command.make(
    "find",
    {
      query: Args.repeated(Args.text({ name: "query" })),
      limit: Options.integer("limit").pipe(Options.withPseudoName("N"), Options.withDefault(50)),
      after: Options.text("after").pipe(Options.withPseudoName("WHEN"), Options.optional),
      failed: Options.boolean("failed"),
      format: Options.choice("format", ["table", "null"]).pipe(Options.optional)
    },
    nothing
  ),
  about
)
const show = leaf(Command.make("show", { id: Args.text({ name: "id" }) }, nothing), about)
const push = leaf(Command.make("push", { force: Options.boolean("force") }, nothing), about)
const status = leaf(Command.make("status", {}, nothing), about)
const sync = group(Command.make("sync", { dryRun: Options.boolean("dry-run") }, nothing), { ...about, runs: true }, [
  push,
  status
])
const completions = leaf(
  Command.make(
    "completions",
    {
      shell: Args.choice(
        [
          ["zsh", "zsh"],
          ["bash", "bash"]
        ],
        { name: "SHELL" }
      )
    },
    nothing
  ),
  about
)
const inner = leaf(Command.make("inner", {}, nothing), { ...about, hidden: true })
const root = group(Command.make("hx", {}, nothing), { ...about, runs: false }, [
  find,
  show,
  status,
  sync,
  completions,
  inner
])

const words = (...argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const request = Either.getOrThrowWith(read(root, argv), (refused) => refused)
  if (request._tag !== "Run") throw new Error(`expected a command to run, got ${request._tag}`)
  return request.words
}

const refusal = (...argv: ReadonlyArray<string>) => {
  const result = read(root, argv)
  if (Either.isRight(result)) throw new Error("expected a refusal")
  return result.left
}

const options = (...argv: ReadonlyArray<string>) => {
  const request = Either.getOrThrow(read(root, argv))
  return request._tag === "Run" ? request.options : undefined
}

describe("what is understood", () => {
  it("options may stand before, between and after the arguments", () => {
    const canonical = ["hx", "find", "--limit", "5", "--", "docker", "run"]
    expect(words("find", "--limit", "5", "docker", "run")).toEqual(canonical)
    expect(words("find", "docker", "--limit", "5", "run")).toEqual(canonical)
    expect(words("find", "docker", "run", "--limit=5")).toEqual(canonical)
  })

  it("everything after -- is an argument", () => {
    expect(words("find", "--", "--limit", "-rf", "--help")).toEqual(["hx", "find", "--", "--limit", "-rf", "--help"])
  })

  it("a switch does not swallow the word after it", () => {
    expect(words("find", "--failed", "yes")).toEqual(["hx", "find", "--failed", "--", "yes"])
  })

  it("values keep blanks, newlines, equals signs and the empty text", () => {
    expect(words("find", "--after=a=b c\nd", "")).toEqual(["hx", "find", "--after", "a=b c\nd", "--", ""])
    expect(words("find", "--after=")).toEqual(["hx", "find", "--after", ""])
  })

  it("a value may begin with a dash where it is no option", () => {
    expect(words("find", "--limit", "-1")).toEqual(["hx", "find", "--limit", "-1"])
  })

  it("a subcommand's name can be an argument of another command", () => {
    expect(words("find", "sync")).toEqual(["hx", "find", "--", "sync"])
    expect(words("show", "status")).toEqual(["hx", "show", "--", "status"])
  })

  it("a group that runs takes its own options, and passes to its subcommands", () => {
    expect(words("sync", "--dry-run")).toEqual(["hx", "sync", "--dry-run"])
    expect(words("sync", "push", "--force")).toEqual(["hx", "sync", "push", "--force"])
  })

  it("--json and --log-level are known everywhere, also before the command", () => {
    expect(options("--json", "find", "x")).toEqual({ json: true, logLevel: "info" })
    expect(options("--log-level", "debug", "sync", "--json", "push")).toEqual({ json: true, logLevel: "debug" })
    expect(options("find", "x")).toEqual({ json: false, logLevel: "info" })
    expect(words("sync", "--log-level=error", "push")).toEqual(["hx", "sync", "push"])
  })

  it("--help wins over what else is wrong, and names the deepest command", () => {
    const request = Either.getOrThrow(read(root, ["sync", "push", "--nonsense", "-h"]))
    expect(request._tag === "Help" && request.path.map((node) => node.name)).toEqual(["hx", "sync", "push"])
  })

  it("hx alone asks for help, and so does a group that does nothing itself", () => {
    expect(Either.getOrThrow(read(root, []))._tag).toBe("Help")
  })

  it("--completions is another way to write the command", () => {
    expect(words("--completions", "zsh")).toEqual(["hx", "completions", "--", "zsh"])
    expect(words("completions", "bash")).toEqual(["hx", "completions", "--", "bash"])
  })

  it("-h and -V are --help and --version, at every level", () => {
    expect(Either.getOrThrow(read(root, ["-V"]))._tag).toBe("Version")
    expect(Either.getOrThrow(read(root, ["sync", "push", "-V"]))._tag).toBe("Version")
    expect(Either.getOrThrow(read(root, ["sync", "-h"]))._tag).toBe("Help")
  })
})

describe("what is refused, and the nearest known name", () => {
  it("an unknown option is never an argument", () => {
    expect(refusal("find", "--lmit", "5", "foo")).toMatchObject({ subject: "--lmit", hint: "Did you mean --limit?" })
    expect(refusal("find", "foo", "-rf").hint).toContain("find -- -rf")
  })

  it("an unknown command", () => {
    expect(refusal("fnid", "x")).toMatchObject({ subject: "hx fnid", hint: 'Did you mean "hx find"?' })
    expect(refusal("sync", "psuh")).toMatchObject({ subject: "hx sync psuh", hint: 'Did you mean "hx sync push"?' })
  })

  it("command names are exact: no prefixes, no other case", () => {
    expect(refusal("Find", "x").hint).toBe('Did you mean "hx find"?')
    expect(refusal("fin", "x").hint).toBe('Did you mean "hx find"?')
  })

  it("a command of another level, with its whole name", () => {
    expect(refusal("push").hint).toBe('Did you mean "hx sync push"?')
    expect(refusal("psuh").hint).toBe('Did you mean "hx sync push"?')
    expect(refusal("sync", "find").hint).toBe('Did you mean "hx find"?')
    expect(refusal("sync", "help").hint).toBe('Did you mean "hx sync --help"?')
  })

  it("what other tools call it", () => {
    expect(refusal("grep", "docker").hint).toBe('Did you mean "hx find"?')
    expect(refusal("list").hint).toBe('Did you mean "hx find"?')
    expect(refusal("sync", "upload").hint).toBe('Did you mean "hx sync push"?')
    expect(refusal("version").hint).toBe('Did you mean "hx --version"?')
    // There is no init in this tree.
    expect(refusal("login").hint).toBe("See: hx --help")
    expect(refusal("constructor").hint).toBe("See: hx --help")
  })

  it("never a hidden command", () => {
    expect(refusal("iner").hint).toBe("See: hx --help")
    expect(words("inner")).toEqual(["hx", "inner"])
  })

  it("an option that only the commands below have", () => {
    expect(refusal("sync", "--force").hint).toBe('It is an option of "hx sync push".')
  })

  it("an argument that is none of the choices", () => {
    expect(refusal("completions", "zhs")).toMatchObject({
      what: "No such argument",
      subject: "hx completions zhs",
      hint: "Did you mean zsh?"
    })
    expect(refusal("--completions", "tcsh").hint).toBe("It can be zsh or bash.")
    expect(refusal("completions").hint).toBe("It can be zsh or bash.")
  })

  it("a missing value, also where an option follows instead", () => {
    expect(refusal("find", "--after")).toMatchObject({ what: "Missing value of an option", subject: "--after" })
    expect(refusal("find", "--after", "--failed").hint).toContain("--after=--failed")
  })

  it("a value that is none of the choices", () => {
    expect(refusal("find", "--format", "nul")).toMatchObject({ subject: "--format nul", hint: "Did you mean null?" })
    expect(refusal("find", "--format=xml").hint).toBe("It can be table or null.")
  })

  it("a value for a switch", () => {
    expect(refusal("sync", "push", "--force=yes")).toMatchObject({ what: "This option takes no value" })
  })

  it("too many and too few arguments", () => {
    expect(refusal("show", "1", "2")).toMatchObject({ what: "Unexpected argument", subject: "2" })
    expect(refusal("status", "x")).toMatchObject({ what: "Unexpected argument", subject: "x" })
    expect(refusal("show")).toMatchObject({ what: "Missing argument", subject: "id" })
  })

  it("a store's URL without its option, which is not repeated: it may hold a secret", () => {
    const url = "s3://bucket?access_key=a&secret_key=b"
    const store = { names: ["--store"], value: "URL" }
    const refused = Refusals.unexpectedArgument("hx sync init", url, 0, [store])
    expect(refused.hint).toBe('Put --store before it: hx sync init --store "URL"')
    expect(refused.subject).toBe("a store URL")
    expect(Refusals.unexpectedArgument("hx sync push", "now", 0, []).hint).toBe('"hx sync push" takes no arguments.')
  })

  it("a log level that is none", () => {
    expect(refusal("status", "--log-level", "loud")).toMatchObject({
      what: "No such value of an option",
      subject: "--log-level loud"
    })
  })
})
