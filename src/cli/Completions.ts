/**
 * What can stand where on a command line of hx, read from the tree of commands: all that the generators for zsh, bash and fish need. A new command
 * needs nothing. What stands for a value in the help says what completes it: FILE, DIR, HOST and so on.
 *
 * The scripts hold everything that is known when they are made, and ask hx itself (`hx completion-values`) only for names from the history.
 * Like the parser (CommandLine.ts) they take options anywhere before "--", and values as the next word or behind "=".
 */

import { GLOBAL_OPTIONS, LOG_LEVELS } from "./CommandLine.ts"
import { type CommandNode, listed, type OptionShape, shapeOf } from "./CommandTree.ts"
import { aboutOf } from "./Help.ts"
import { TOPICS } from "./topics/Topics.ts"

export interface Place {
  /** The command as it is typed: "hx sync push". */
  readonly path: string
  readonly commands: ReadonlyArray<readonly [name: string, summary: string]>
  /** Without those of every command. */
  readonly options: ReadonlyArray<CompletedOption>
  /** What can stand as an argument. */
  readonly words: Values
}

export interface CompletedOption {
  readonly names: ReadonlyArray<string>
  readonly meaning: string
  /** Undefined for a switch. */
  readonly value: Values | undefined
  /** What stands for its value in the help. */
  readonly placeholder: string
}

export type Values =
  /** None that could be listed. */
  | { readonly _tag: "Free" }
  | { readonly _tag: "Choices"; readonly choices: ReadonlyArray<string> }
  | { readonly _tag: "Files" }
  | { readonly _tag: "Directories" }
  /** `hx completion-values` knows them. */
  | { readonly _tag: "Asked"; readonly kind: "hosts" | "sessions" | "devices" }

/** Every place that hx can be at, the root first. */
export const placesOf = <E, R>(root: CommandNode<E, R>): ReadonlyArray<Place> => placesBelow([root], root)

/** The options of every command. */
export const commonOptions = (): ReadonlyArray<CompletedOption> =>
  GLOBAL_OPTIONS.map((option) => completed(option, option.help))

type Path<E, R> = readonly [CommandNode<E, R>, ...ReadonlyArray<CommandNode<E, R>>]

const placesBelow = <E, R>(path: Path<E, R>, root: CommandNode<E, R>): ReadonlyArray<Place> => {
  const node = path.at(-1) ?? root
  const name = path.map((one) => one.name).join(" ")
  if (path.length === 2 && node.name === "help") return helpPlaces(name, root)
  const shape = shapeOf(node.own)
  const { options } = aboutOf(path)
  const [argument] = shape.arguments
  const place: Place = {
    path: name,
    commands: listed(node).map((child) => [child.name, child.summary]),
    options: shape.options.map((option, index) => completed(option, options[index]?.[1] ?? "")),
    words: argument === undefined ? FREE : valuesOf(argument.choices?.join(" | ") ?? argument.name)
  }
  return [place, ...listed(node).flatMap((child) => placesBelow([...path, child], root))]
}

/** `hx help` takes the words of any command, and topics. */
const helpPlaces = <E, R>(name: string, node: CommandNode<E, R>, topics = TOPICS): ReadonlyArray<Place> => {
  const commands = listed(node).map((child) => [child.name, child.summary] as const)
  const more = topics.filter((topic) => !commands.some(([command]) => command === topic.name))
  const place: Place = {
    path: name,
    commands: [...commands, ...more.map((topic) => [topic.name, topic.summary] as const)],
    options: [],
    words: FREE
  }
  return [place, ...listed(node).flatMap((child) => helpPlaces(`${name} ${child.name}`, child, []))].filter(
    ({ commands, path }) => commands.length > 0 || path === name
  )
}

const completed = (option: OptionShape, meaning: string): CompletedOption => ({
  names: option.names,
  meaning,
  value: option.value === undefined ? undefined : valuesOf(option.value),
  placeholder: option.value ?? ""
})

const FREE: Values = { _tag: "Free" }

const KINDS: Readonly<Record<string, Values>> = {
  FILE: { _tag: "Files" },
  DIR: { _tag: "Directories" },
  HOST: { _tag: "Asked", kind: "hosts" },
  SESSION: { _tag: "Asked", kind: "sessions" },
  DEVICE: { _tag: "Asked", kind: "devices" },
  LEVEL: { _tag: "Choices", choices: LOG_LEVELS },
  WHEN: { _tag: "Choices", choices: ["today", "yesterday", "1h", "1d", "1w"] }
}

const valuesOf = (value: string): Values => {
  if (value.includes(" | ")) return { _tag: "Choices", choices: value.split(" | ") }
  return KINDS[value] ?? FREE
}
