/**
 * The tree of commands, as @effect/cli's commands and as the names and options that CommandLine.ts checks.
 *
 * @effect/cli builds one nested command from it; hx keeps the tree beside it because nesting cannot be looked into afterwards.
 */

import * as Command from "@effect/cli/Command"
import type * as Usage from "@effect/cli/Usage"
import { Effect, type Layer } from "effect"
import type { ExitCode } from "./ExitCodes.ts"

// A Command is invariant in its name and in what it parses to, and both are known to its own file only.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyCommand<E, R> = Command.Command<any, R, E, any>

export interface CommandNode<E, R> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Complete command lines, without the leading "hx". */
  readonly examples: ReadonlyArray<string>
  /** The command without its subcommands. */
  readonly own: AnyCommand<E, R>
  /** Whether it does something when called without a subcommand. */
  readonly runs: boolean
  /** Not listed, completed or suggested: scripts of hx call it. */
  readonly hidden: boolean
  /** The environment variables that it and all below it read, beside those of the commands above. */
  readonly reads: ReadonlyArray<VariableGroup>
  /** Exit codes beside 0, 1, 2 and 130, which all have; undefined: those of the command above. */
  readonly exits: ReadonlyArray<ExitCode> | undefined
  readonly children: ReadonlyArray<CommandNode<E, R>>
}

/** Environment variables that belong together: see topics/Environment.ts. */
export type VariableGroup = "places" | "terminal" | "search" | "shells" | "sync" | "aws" | "network"

export interface Description {
  readonly summary: string
  /** At least two, each a complete command line without the leading "hx". */
  readonly examples: readonly [string, string, ...ReadonlyArray<string>]
  readonly hidden?: boolean
  readonly reads?: ReadonlyArray<VariableGroup>
  readonly exits?: ReadonlyArray<ExitCode>
}

/** A command that does something. Its summary is also what completions say about it. */
export const leaf = <E, R>(own: AnyCommand<E, R>, about: Description): CommandNode<E, R> => ({
  name: nameOf(own),
  summary: about.summary,
  examples: about.examples,
  own: own.pipe(Command.withDescription(about.summary)),
  runs: true,
  hidden: about.hidden ?? false,
  reads: about.reads ?? [],
  exits: about.exits,
  children: []
})

/** The commands below a node that people are told of. */
export const listed = <E, R>(node: CommandNode<E, R>): ReadonlyArray<CommandNode<E, R>> =>
  node.children.filter((child) => !child.hidden)

/** A command with subcommands; `own` may do something without one (`hx sync`). */
export const group = <E, R, E2, R2>(
  own: AnyCommand<E, R>,
  about: Description & { readonly runs: boolean },
  children: ReadonlyArray<CommandNode<E2, R2>>
): CommandNode<E | E2, R | R2> => ({ ...leaf<E | E2, R | R2>(own, about), runs: about.runs, children })

/** The node, with all below it, given what it needs to run. The layer is built when one of the commands runs, and only then. */
export const withLayer =
  <A, LE, LR>(layer: Layer.Layer<A, LE, LR>) =>
  <E, R>(node: CommandNode<E, R>): CommandNode<E | LE, Exclude<R, A> | LR> => ({
    ...node,
    own: node.own.pipe(Command.provide(layer)),
    children: node.children.map(withLayer(layer))
  })

/**
 * A handler in a module of its own, loaded when its command runs: so that each command loads what it needs and nothing else. The module
 * exports `run`.
 */
export const lazily =
  <A, E, R>(load: () => Promise<{ readonly run: (parsed: A) => Effect.Effect<void, E, R> }>) =>
  (parsed: A): Effect.Effect<void, E, R> =>
    Effect.flatMap(Effect.promise(load), ({ run }) => run(parsed))

/** The tree without what does not lead to the last node of `path`, which begins at the root. @effect/cli tries one command after the other. */
export const prune = <E, R>(
  path: readonly [CommandNode<E, R>, ...ReadonlyArray<CommandNode<E, R>>]
): CommandNode<E, R> => {
  const [node, next, ...rest] = path
  return { ...node, children: next === undefined ? [] : [prune([next, ...rest])] }
}

/** The whole tree as one command of @effect/cli. */
export const toCommand = <E, R>(node: CommandNode<E, R>): AnyCommand<E, R> => {
  const [first, ...rest] = node.children.map(toCommand)
  return first === undefined ? node.own : node.own.pipe(Command.withSubcommands([first, ...rest]))
}

/** What an option that takes a whole number calls its value, and what such a number looks like. */
export const WHOLE_NUMBER = { value: "N", pattern: /^[+-]?\d{1,15}$/ } as const

export interface OptionShape {
  /** All spellings: "--limit", "-n". */
  readonly names: ReadonlyArray<string>
  /** What stands for its value in the help ("N"); undefined for a switch. */
  readonly value: string | undefined
  /** The command cannot do without it. */
  readonly required?: boolean
}

/** "a | b | c", as usages write it; undefined where the value is not one of a few. */
export const choicesOf = (value: string | undefined): ReadonlyArray<string> | undefined =>
  value?.includes(" | ") === true ? value.split(" | ") : undefined

export interface ArgumentShape {
  readonly name: string
  readonly required: boolean
  readonly repeated: boolean
  /** Where it is one of a few words. */
  readonly choices: ReadonlyArray<string> | undefined
}

export interface CommandShape {
  readonly options: ReadonlyArray<OptionShape>
  readonly arguments: ReadonlyArray<ArgumentShape>
}

/** What a command accepts, read from its usage. */
export const shapeOf = <E, R>(command: AnyCommand<E, R>): CommandShape => {
  const options: Array<OptionShape> = []
  const args: Array<ArgumentShape> = []
  const visit = (usage: Usage.Usage, required: boolean, repeated: boolean): void => {
    switch (usage._tag) {
      case "Named": {
        const value = usage.acceptedValues._tag === "Some" ? usage.acceptedValues.value : undefined
        const [name = ""] = usage.names
        if (name.startsWith("-")) options.push({ names: usage.names, value, required: required && value !== undefined })
        else if (name.startsWith("<"))
          args.push({ name: name.slice(1, -1), required, repeated, choices: choicesOf(value) })
        return
      }
      case "Optional":
        return visit(usage.usage, false, repeated)
      case "Repeated":
        // The usage does not tell "one or more" from "any number"; @effect/cli checks the former itself.
        return visit(usage.usage, false, true)
      case "Alternation":
      case "Concat":
        visit(usage.left, required, repeated)
        return visit(usage.right, required, repeated)
      default:
        return
    }
  }
  visit(Command.getUsage(command), true, false)
  return { options, arguments: args }
}

const nameOf = <E, R>(command: AnyCommand<E, R>): string => {
  const [name] = Command.getNames(command)
  return name ?? ""
}
