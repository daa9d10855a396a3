/** The help of a command as plain text: usage, what it does, its words, its options, examples. Everything comes from the command itself. */

import * as Command from "@effect/cli/Command"
import * as CliConfig from "@effect/cli/CliConfig"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import { columnsOf } from "./Columns.ts"
import { GLOBAL_OPTIONS } from "./CommandLine.ts"
import { type CommandNode, type CommandShape, listed, type OptionShape, shapeOf } from "./CommandTree.ts"
import { type ExitCode, meaningOf } from "./ExitCodes.ts"
import { paragraphs, spanText } from "./HelpDocText.ts"
import { namesOf } from "./topics/Environment.ts"
import { TOPICS } from "./topics/Topics.ts"
import { wrap } from "./Wrapping.ts"

/** `path` leads from the root to the command in question; lines are broken between words where they would be longer than `columns`. */
export const helpOf = <E, R>(path: ReadonlyArray<CommandNode<E, R>>, columns = Number.POSITIVE_INFINITY): string => {
  const node = path.at(-1)
  if (node === undefined) return ""
  const about = aboutOf(path)
  const list = (title: string, rows: ReadonlyArray<readonly [left: string, right: string]>) =>
    rows.length === 0 ? [] : [`${title}:`, ...columnsOf(rows, columns)]
  const sections = [
    [`Usage: ${about.usage.join("\n       ")}`],
    wrap(node.summary, columns, "whole"),
    list("Commands", about.commands),
    list("Topics, for hx help", path.length === 1 ? TOPICS.map(({ name, summary }) => [name, summary]) : []),
    list("Arguments", about.arguments),
    list("Options", about.options),
    list("Options of every command", COMMON),
    about.variables.length === 0
      ? []
      : [
          "Variables it reads, see hx help environment:",
          ...wrap(about.variables.map(families).flat().join(", "), columns - 2, "whole").map((line) => `  ${line}`)
        ],
    list(
      "Exit codes beside 0, 1, 2 and 130",
      about.exits.map((code) => [String(code), meaningOf(code)])
    ),
    ["Examples:", ...node.examples.map((example) => `  hx ${example}`)]
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`
}

/** Names as they fit into a line or two: of a long group, what its names begin with. The topic and the manual have them all. */
const families = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length <= MOST_NAMES ? names : [...new Set(names.map((name) => name.replace(/^(HX_SYNC_|AWS_).*$/, "$1*")))]

const MOST_NAMES = 6

/** What there is to say of a command: for its help, the manual and completions. */
export interface About {
  readonly usage: ReadonlyArray<string>
  readonly commands: ReadonlyArray<readonly [name: string, summary: string]>
  readonly arguments: ReadonlyArray<readonly [name: string, meaning: string]>
  readonly options: ReadonlyArray<readonly [spelling: string, meaning: string]>
  /** Names of variables, by group; of commands that do something. */
  readonly variables: ReadonlyArray<ReadonlyArray<string>>
  readonly exits: ReadonlyArray<ExitCode>
}

export const aboutOf = <E, R>(path: ReadonlyArray<CommandNode<E, R>>): About => {
  const node = path.at(-1)
  if (node === undefined) return { usage: [], commands: [], arguments: [], options: [], variables: [], exits: [] }
  const shape = shapeOf(node.own)
  const described = descriptions(Command.getHelp(node.own, CliConfig.make({ showBuiltIns: false })))
  const meaning = (name: string) => described.get(name) ?? ""
  return {
    usage: usageLines(path.map((one) => one.name).join(" "), node, shape),
    commands: listed(node).map((child) => [child.name, child.summary]),
    arguments: shape.arguments.map((argument) => [
      argument.name,
      [meaning(`<${argument.name}>`), ...(argument.choices === undefined ? [] : [argument.choices.join(", ")])].join(
        ": "
      )
    ]),
    options: shape.options.map((option) => [spelling(option), meaning(option.names[0] ?? "")]),
    variables: node.runs ? namesOf(path.flatMap((one) => one.reads)) : [],
    exits: path.findLast((one) => one.exits !== undefined)?.exits ?? []
  }
}

/** The options of every command, as rows like those of its own. */
export const COMMON: About["options"] = GLOBAL_OPTIONS.map((option) => [spelling(option), option.help])

const usageLines = <E, R>(name: string, node: CommandNode<E, R>, shape: CommandShape): ReadonlyArray<string> => {
  const words = shape.arguments.map((argument) => {
    const word = `${argument.name}${argument.repeated ? "…" : ""}`
    return argument.required ? word : `[${word}]`
  })
  const own = [name, ...words, "[options]"].join(" ")
  if (listed(node).length === 0) return [own]
  return node.runs ? [own, `${name} COMMAND [options]`] : [`${name} COMMAND [options]`]
}

function spelling(option: OptionShape): string {
  return `${option.names.join(", ")}${option.value === undefined ? "" : ` ${option.value}`}`
}

/**
 * What each option and argument says of itself, by its first name. @effect/cli begins each text with the kind of value and
 * ends it with whether it is optional or repeated: the usage shows that already.
 */
const descriptions = (doc: HelpDoc.HelpDoc): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const visit = (part: HelpDoc.HelpDoc): void => {
    if (part._tag === "Sequence") {
      visit(part.left)
      visit(part.right)
    } else if (part._tag === "DescriptionList") {
      for (const [span, block] of part.definitions) {
        const [, ...rest] = paragraphs(block)
        const name = /<[^>]*>|-[^ ,]*/.exec(spanText(span))?.[0] ?? ""
        found.set(name, rest.filter((text) => !SAID_BY_USAGE.test(text)).join(" "))
      }
    }
  }
  visit(doc)
  return found
}

const SAID_BY_USAGE = /^This (setting|option|argument) (is optional|(may|must) be repeated)/
