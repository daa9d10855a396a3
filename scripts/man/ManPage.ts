/**
 * The manual page, hx(1), from the tree of commands and the topics of `hx help`: what is there is in it.
 *
 * The macros are those of man(7). Every other character is written so that any roff shows it as it is: hyphens that can be copied, no request
 * where a line begins with a dot, and what is not ASCII by its code point.
 */

import { type CommandNode, listed } from "../../src/cli/CommandTree.ts"
import { aboutOf, COMMON } from "../../src/cli/Help.ts"
import type { Block, Topic } from "../../src/cli/topics/Topic.ts"
import { TOPICS } from "../../src/cli/topics/Topics.ts"

type Node = CommandNode<unknown, unknown>
type Path = readonly [Node, ...ReadonlyArray<Node>]
type Lines = ReadonlyArray<string>

export const manPage = async (root: Node, version: string): Promise<string> => {
  const topics = await Promise.all(TOPICS.map(async ({ load, name }) => ({ name, page: await load() })))
  const lines = [
    ".\\\" Made by scripts/man.ts from the program's own help.",
    `.TH HX 1 "" "hx ${escaped(version)}" "hx"`,
    ".SH NAME",
    `hx \\- ${text("shell history, found again and kept in step across machines")}`,
    ".SH SYNOPSIS",
    ...aboutOf([root]).usage.map((usage) => bold(usage)),
    ".SH DESCRIPTION",
    text(root.summary),
    ".PP",
    text(
      "Every command tells its options and examples with --help. hx help explains a topic. This page has all of both."
    ),
    ".SH COMMANDS",
    ...listed(root).flatMap((child) => commandLines([root, child])),
    ".SH OPTIONS",
    "These go with every command.",
    ...COMMON.flatMap(([name, meaning]) => definition(name, meaning)),
    ...topics.flatMap(({ name, page }) => topicLines(SECTIONS[name] ?? page.title, page)),
    ".SH FILES",
    ...FILES.flatMap(([name, meaning]) => definition(name, meaning))
  ]
  return `${lines.join("\n")}\n`
}

/** The names that manual pages have for these. */
const SECTIONS: Readonly<Record<string, string>> = { environment: "ENVIRONMENT", "exit-codes": "EXIT STATUS" }

const FILES = [
  ["~/.local/share/hx/history.db", "the history, and what sync knows; $HX_DATA_DIR/history.db where that is set"],
  ["~/.local/share/hx/keys/", "recovery keys, one file for each vault"],
  ["~/.local/share/hx/credentials", "secrets that came in store URLs"],
  ["~/.config/hx/config.yaml", "settings; $HX_CONFIG_DIR/config.yaml where that is set"]
] as const

const commandLines = (path: Path): Lines => {
  const node = path.at(-1) ?? path[0]
  const about = aboutOf(path)
  return [
    `.SS ${title(path.map(({ name }) => name).join(" "))}`,
    ...about.usage.flatMap((usage, index) => [...(index === 0 ? [] : [".br"]), bold(usage)]),
    ".PP",
    text(node.summary),
    ...[...about.arguments, ...about.options].flatMap(([name, meaning]) => definition(name, meaning)),
    ".PP",
    "Examples:",
    ...verbatim(node.examples.map((example) => `hx ${example}`)),
    ...listed(node).flatMap((child) => commandLines([...path, child]))
  ]
}

const topicLines = (name: string, topic: Topic): Lines => [
  `.SH ${title(name.toUpperCase())}`,
  ...topic.blocks.flatMap(blockLines)
]

const blockLines = (block: Block): Lines => {
  if (typeof block === "string") return [".PP", text(block)]
  if ("heading" in block) return [`.SS ${title(block.heading)}`]
  if ("rows" in block) return block.rows.flatMap(([name, meaning]) => definition(name, meaning))
  return verbatim(block.lines)
}

const definition = (name: string, meaning: string): Lines => [".TP", bold(name), text(meaning)]

const verbatim = (lines: Lines): Lines => [".PP", ".RS 4", ".nf", ...lines.map(text), ".fi", ".RE"]

const bold = (line: string): string => `\\fB${escaped(line)}\\fR`

/** A line of text, which no request can be. */
const text = (line: string): string => (/^[.']/.test(line) ? `\\&${escaped(line)}` : escaped(line))

/** The argument of a macro. */
const title = (words: string): string => `"${escaped(words).replaceAll('"', "\\(dq")}"`

const escaped = (line: string): string =>
  line.replace(/[\\'`^~-]|[^\x20-\x7e]/gu, (character) => ESCAPES[character] ?? codePoint(character))

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\(rs",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "-": "\\-"
}

const codePoint = (character: string): string =>
  `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`
