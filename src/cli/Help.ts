/** The help of a command as plain text: usage, what it does, its words, its options, examples. Everything comes from the command itself. */

import * as Command from "@effect/cli/Command"
import * as CliConfig from "@effect/cli/CliConfig"
import type * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import { GLOBAL_OPTIONS } from "./CommandLine.ts"
import { type CommandNode, type CommandShape, shapeOf } from "./CommandTree.ts"

/** `path` leads from the root to the command in question; lines are broken between words where they would be longer than `columns`. */
export const helpOf = <E, R>(path: ReadonlyArray<CommandNode<E, R>>, columns = Number.POSITIVE_INFINITY): string => {
  const node = path.at(-1)
  if (node === undefined) return ""
  const name = path.map((one) => one.name).join(" ")
  const shape = shapeOf(node.own)
  const described = descriptions(Command.getHelp(node.own, CliConfig.make({ showBuiltIns: false })))
  const sections = [
    [`Usage: ${usageLines(name, node, shape).join("\n       ")}`],
    broken(node.summary, columns),
    list(
      "Commands",
      node.children.map((child) => [child.name, child.summary]),
      columns
    ),
    list(
      "Arguments",
      shape.arguments.map((argument) => [argument.name, described.get(`<${argument.name}>`) ?? ""]),
      columns
    ),
    list(
      "Options",
      shape.options.map((option) => [spelling(option), described.get(option.names[0] ?? "") ?? ""]),
      columns
    ),
    list(
      "Options of every command",
      GLOBAL_OPTIONS.map((option) => [spelling(option), option.help]),
      columns
    ),
    ["Examples:", ...node.examples.map((example) => `  hx ${example}`)]
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`
}

const usageLines = <E, R>(name: string, node: CommandNode<E, R>, shape: CommandShape): ReadonlyArray<string> => {
  const words = shape.arguments.map((argument) => {
    const word = `${argument.name}${argument.repeated ? "…" : ""}`
    return argument.required ? word : `[${word}]`
  })
  const own = [name, ...words, "[options]"].join(" ")
  if (node.children.length === 0) return [own]
  return node.runs ? [own, `${name} COMMAND [options]`] : [`${name} COMMAND [options]`]
}

const spelling = (option: { readonly names: ReadonlyArray<string>; readonly value: string | undefined }): string =>
  `${option.names.join(", ")}${option.value === undefined ? "" : ` ${option.value}`}`

type Row = readonly [left: string, right: string]

/** Two columns; nothing at all where there is nothing to list. Where the right one would be narrow, it goes below the left one. */
const list = (title: string, rows: ReadonlyArray<Row>, columns: number): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const width = Math.max(...rows.map(([left]) => left.length))
  const room = columns - width - 4
  const beside = ([left, right]: Row): ReadonlyArray<string> =>
    broken(right, room).map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`.trimEnd())
  const below = ([left, right]: Row): ReadonlyArray<string> => [
    ...broken(left, columns - 2).map((line) => `  ${line}`),
    ...broken(right, columns - 6).map((line) => `      ${line}`)
  ]
  return [`${title}:`, ...rows.flatMap(room < NARROWEST ? below : beside)]
}

/** Cells of a column that can still be read. */
const NARROWEST = 34

/** Lines of at most so many cells, broken between words; a longer word stays whole. */
const broken = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/**
 * What each option and argument says of itself, by its first name. @effect/cli begins each text with the kind of value and ends it with
 * whether it is optional or repeated: the usage shows that already.
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

/** The text of a part of @effect/cli's help, without markup. */
export const plainText = (doc: HelpDoc.HelpDoc): string => paragraphs(doc).join(" ")

const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  switch (doc._tag) {
    case "Header":
    case "Paragraph":
      return [spanText(doc.value)]
    case "Sequence":
      return [...paragraphs(doc.left), ...paragraphs(doc.right)]
    case "Enumeration":
      return doc.elements.flatMap(paragraphs)
    default:
      return []
  }
}

const spanText = (span: Span.Span): string => {
  switch (span._tag) {
    case "Text":
    case "URI":
      return span.value
    case "Sequence":
      return spanText(span.left) + spanText(span.right)
    default:
      return spanText(span.value)
  }
}
