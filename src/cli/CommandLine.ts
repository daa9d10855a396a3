/**
 * Reads the command line strictly and rewrites it into the one form that @effect/cli reads without guessing:
 *
 *     hx <command …> --option value … -- argument …
 *
 * Left alone, @effect/cli takes unknown options for arguments where a command repeats them, lets a switch swallow a following "yes" or "1",
 * and finds options inside other options' values. Here: options may stand anywhere before "--"; an option takes the next word, or what
 * follows "="; whatever is not known is an error that names the nearest known name.
 */

import { Either } from "effect"
import { nearest } from "../platform/Nearest.ts"
import { type CommandNode, type CommandShape, type OptionShape, prune, shapeOf } from "./CommandTree.ts"
import { UsageError } from "./UsageError.ts"

export const LOG_LEVELS = ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"] as const
export type LogLevelName = (typeof LOG_LEVELS)[number]

/** What can be said with every command. */
export interface GlobalOptions {
  readonly json: boolean
  readonly logLevel: LogLevelName
}

export type Request<E, R> =
  | { readonly _tag: "Help"; readonly path: ReadonlyArray<CommandNode<E, R>> }
  | { readonly _tag: "Version" }
  /** `words` begin with the name of the root command; `tree` is as much of the tree as they need. */
  | {
      readonly _tag: "Run"
      readonly words: ReadonlyArray<string>
      readonly options: GlobalOptions
      readonly tree: CommandNode<E, R>
    }

export const GLOBAL_OPTIONS: ReadonlyArray<OptionShape & { readonly help: string }> = [
  { names: ["--json"], value: undefined, help: "One JSON object on standard output" },
  { names: ["--log-level"], value: "LEVEL", help: `What to say on standard error: ${LOG_LEVELS.join(", ")}` },
  { names: ["--help", "-h"], value: undefined, help: "This text" },
  { names: ["--version"], value: undefined, help: "The version of hx" }
]

/** Options of @effect/cli itself; they are handed through. */
const FRAMEWORK_OPTIONS: ReadonlyArray<OptionShape> = [
  { names: ["--completions"], value: "SHELL" },
  { names: ["--wizard"], value: undefined }
]

export const read = <E, R>(
  root: CommandNode<E, R>,
  argv: ReadonlyArray<string>
): Either.Either<Request<E, R>, UsageError> => {
  const { path, rest, unknown } = findCommand(root, argv)
  const command = path.at(-1) ?? root
  const name = path.map((node) => node.name).join(" ")
  if (unknown === undefined && asksFor(rest, ["--help", "-h"])) return Either.right({ _tag: "Help", path })
  if (unknown === undefined && asksFor(rest, ["--version"])) return Either.right({ _tag: "Version" })
  if (unknown !== undefined) return Either.left(noSuchCommand(name, command, unknown))

  const shape = shapeOf(command.own)
  return Either.flatMap(readWords(name, shape, rest), (words): Either.Either<Request<E, R>, UsageError> => {
    const names = path.map((node) => node.name)
    const framework = words.options.filter(([option]) => isOneOf(FRAMEWORK_OPTIONS, option))
    if (framework.length > 0)
      return Either.right({ _tag: "Run", words: [...names, ...framework.flat()], options: DEFAULTS, tree: root })
    if (!command.runs && words.arguments.length === 0) return Either.right({ _tag: "Help", path })
    const own = words.options.filter(([option]) => !isOneOf(GLOBAL_OPTIONS, option)).flat()
    const tail = words.arguments.length === 0 ? [] : ["--", ...words.arguments]
    return checkArguments(name, shape, words.arguments).pipe(
      Either.flatMap(() => globals(words.options)),
      Either.map((options) => ({ _tag: "Run", words: [...names, ...own, ...tail], options, tree: prune(path) }))
    )
  })
}

const isOneOf = (options: ReadonlyArray<OptionShape>, name: string): boolean =>
  options.some((option) => option.names.includes(name))

export const DEFAULTS: GlobalOptions = { json: false, logLevel: "info" }

/** The deepest command that the leading words name, and the words that are left. Options may stand before or between the names. */
const findCommand = <E, R>(root: CommandNode<E, R>, argv: ReadonlyArray<string>) => {
  const path: [CommandNode<E, R>, ...Array<CommandNode<E, R>>] = [root]
  const rest: Array<string> = []
  let node = root
  let index = 0
  for (; index < argv.length; index++) {
    const word = argv[index] ?? ""
    if (word === "--" || node.children.length === 0) break
    if (word.startsWith("-")) {
      rest.push(word)
      const option = [...GLOBAL_OPTIONS, ...FRAMEWORK_OPTIONS, ...shapeOf(node.own).options].find((known) =>
        known.names.includes(word)
      )
      if (option?.value !== undefined && index + 1 < argv.length) rest.push(argv[++index] ?? "")
      continue
    }
    const child = node.children.find((candidate) => candidate.name === word)
    if (child === undefined) return { path, rest, unknown: word }
    path.push(child)
    node = child
  }
  return { path, rest: [...rest, ...argv.slice(index)], unknown: undefined }
}

const asksFor = (words: ReadonlyArray<string>, names: ReadonlyArray<string>): boolean => {
  const end = words.indexOf("--")
  return words.slice(0, end === -1 ? words.length : end).some((word) => names.includes(word))
}

interface Words {
  /** Each option as written, with its value where it takes one. */
  readonly options: ReadonlyArray<readonly [name: string] | readonly [name: string, value: string]>
  readonly arguments: ReadonlyArray<string>
}

const readWords = (
  command: string,
  shape: CommandShape,
  words: ReadonlyArray<string>
): Either.Either<Words, UsageError> => {
  const known = [...shape.options, ...GLOBAL_OPTIONS, ...FRAMEWORK_OPTIONS]
  const find = (name: string) => known.find((option) => option.names.includes(name))
  const options: Array<readonly [string] | readonly [string, string]> = []
  const args: Array<string> = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ""
    if (word === "--") {
      args.push(...words.slice(index + 1))
      break
    }
    if (!word.startsWith("-") || word === "-") {
      args.push(word)
      continue
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1
    const name = equals === -1 ? word : word.slice(0, equals)
    const option = find(name)
    if (option === undefined) return Either.left(noSuchOption(command, shape, name))
    if (option.value === undefined) {
      if (equals !== -1) return Either.left(switchWithValue(name))
      options.push([name])
      continue
    }
    const value = equals === -1 ? words[index + 1] : word.slice(equals + 1)
    if (equals === -1) index++
    const another = equals === -1 && value !== undefined && (value === "--" || find(value) !== undefined)
    if (value === undefined || another) return Either.left(valueMissing(command, name, option.value, value))
    const choices = option.value.includes(" | ") ? option.value.split(" | ") : [value]
    if (!choices.includes(value)) return Either.left(noSuchChoice(name, value, choices))
    options.push([name, value])
  }
  return Either.right({ options, arguments: args })
}

const globals = (options: Words["options"]): Either.Either<GlobalOptions, UsageError> => {
  const [, written = DEFAULTS.logLevel] = options.findLast(([name]) => name === "--log-level") ?? []
  const logLevel = LOG_LEVELS.find((level) => level === written)
  if (logLevel === undefined) {
    return Either.left(noSuchChoice("--log-level", written, LOG_LEVELS))
  }
  return Either.right({ json: options.some(([name]) => name === "--json"), logLevel })
}

const checkArguments = (
  command: string,
  shape: CommandShape,
  given: ReadonlyArray<string>
): Either.Either<void, UsageError> => {
  const most = shape.arguments.some((argument) => argument.repeated) ? Number.POSITIVE_INFINITY : shape.arguments.length
  const extra = given[most]
  if (extra !== undefined) {
    const hint = most === 0 ? `"${command}" takes no arguments.` : `"${command}" takes one: quote it if it has blanks.`
    return Either.left(new UsageError({ what: "Unexpected argument", subject: extra, hint }))
  }
  const missing = shape.arguments.filter((argument) => argument.required)[given.length]
  return missing === undefined
    ? Either.right(undefined)
    : Either.left(new UsageError({ what: "Missing argument", subject: missing.name, hint: seeHelp(command) }))
}

const noSuchCommand = <E, R>(name: string, node: CommandNode<E, R>, written: string): UsageError => {
  const meant = nearest(
    written,
    node.children.map((child) => child.name)
  )
  const hint = meant === undefined ? seeHelp(name) : `Did you mean "${name} ${meant}"?`
  return new UsageError({ what: "No such command", subject: `${name} ${written}`, hint })
}

const noSuchOption = (command: string, shape: CommandShape, written: string): UsageError => {
  const names = [...shape.options, ...GLOBAL_OPTIONS]
    .flatMap((option) => option.names)
    .filter((name) => name.length > 2)
  const meant = nearest(written, names)
  const takesWords = shape.arguments.length > 0
  const other = takesWords ? `Put -- before words that begin with a dash: ${command} -- ${written}` : seeHelp(command)
  const hint = meant === undefined ? other : `Did you mean ${meant}?`
  return new UsageError({ what: `No such option of "${command}"`, subject: written, hint })
}

const valueMissing = (command: string, name: string, value: string, next: string | undefined): UsageError => {
  const hint =
    next === undefined || next === "--"
      ? `Write ${name} ${value}. ${seeHelp(command)}`
      : `Write ${name} ${value}, or ${name}=${next} if that is meant.`
  return new UsageError({ what: "Missing value of an option", subject: name, hint })
}

const noSuchChoice = (name: string, value: string, choices: ReadonlyArray<string>): UsageError => {
  const meant = nearest(value, choices)
  const hint = meant === undefined ? `It can be ${choices.join(", ")}.` : `Did you mean ${meant}?`
  return new UsageError({ what: "No such value of an option", subject: `${name} ${value}`, hint })
}

const switchWithValue = (name: string): UsageError =>
  new UsageError({ what: "This option takes no value", subject: name, hint: `Write ${name} alone, or leave it out.` })

const seeHelp = (command: string): string => `See: ${command} --help`
