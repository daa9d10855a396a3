import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { group, leaf } from "../../src/cli/CommandTree.ts"
import { helpOf } from "../../src/cli/Help.ts"

const limit = Options.integer("limit").pipe(
  Options.withAlias("n"),
  Options.withPseudoName("N"),
  Options.withDescription("At most this many"),
  Options.withDefault(50)
)
const kind = Options.choice("kind", ["a", "b"]).pipe(Options.withDescription("Which kind"), Options.optional)
const force = Options.boolean("force").pipe(Options.withDescription("Even so"))
const id = Args.text({ name: "ID" }).pipe(Args.withDescription("Whose"))
const more = Args.text({ name: "MORE" }).pipe(Args.withDescription("And whose"), Args.repeated)

const show = leaf(
  Command.make("show", { id, more, limit, kind, force }, () => Effect.void),
  {
    summary: "Shows it.",
    examples: ["show 1", "show 2 --force"]
  }
)
const root = group(
  Command.make("hx", {}, () => Effect.void),
  { summary: "Does it.", examples: ["a", "b"], runs: false },
  [show]
)

describe("help", () => {
  it("breaks lines between words, and puts what an option does below it where there is no room beside", () => {
    expect(helpOf([root, show], 52)).toContain(
      "--log-level LEVEL\n      What to say on standard error: all, trace,\n      "
    )
    expect(helpOf([root, show], 70)).toContain(
      "  --log-level LEVEL  What to say on standard error: all, trace, debug,\n    "
    )
    for (const columns of [40, 52, 70, 80]) {
      const lines = helpOf([root, show], columns).split("\n")
      expect(lines.filter((line) => line.length > columns)).toEqual([])
    }
  })

  it("of a command: usage, words, options with their values, examples", () => {
    const text = helpOf([root, show])
    expect(text).toContain("Usage: hx show ID [MORE…] [options]\n\nShows it.\n")
    expect(text).toContain("Arguments:\n  ID    Whose\n  MORE  And whose\n")
    expect(text).toContain("  -n, --limit N  At most this many\n")
    expect(text).toContain("  --kind a | b   Which kind\n")
    expect(text).toContain("  --force        Even so\n")
    expect(text).toContain("--json")
    expect(text).toMatch(/Examples:\n {2}hx show 1\n {2}hx show 2 --force\n$/)
  })

  it("of a group: its commands, each with its summary", () => {
    const text = helpOf([root])
    expect(text).toContain("Usage: hx COMMAND [options]\n")
    expect(text).toContain("Commands:\n  show  Shows it.\n")
  })

  it("has no escape sequences and no trailing blanks", () => {
    for (const text of [helpOf([root]), helpOf([root, show])]) {
      expect(text).not.toContain("\u001B")
      expect(text).not.toMatch(/ $/m)
    }
  })
})
