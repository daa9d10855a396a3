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
import {
  choicesOf,
  type CommandNode,
  type CommandShape,
  type OptionShape,
  prune,
  shapeOf,
  WHOLE_NUMBER
} from "./CommandTree.ts"
import * as Refusals from "./Refusals.ts"
import type { UsageError } from "./UsageError.ts"

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

export const DEFAULTS: GlobalOptions = { json: false, logLevel: "info" }

export const GLOBAL_OPTIONS: ReadonlyArray<OptionShape & { readonly help: string }> = [
  { names: ["--json"], value: undefined, help: "One JSON object on standard output" },
  {
    names: ["--log-level"],
    value: "LEVEL",
    help: `What to say on standard error: ${LOG_LEVELS.join(", ")} (default ${DEFAULTS.logLevel})`
  },
  { names: ["--help", "-h"], value: undefined, help: "This text" },
  { names: ["--version", "-V"], value: undefined, help: "The version of hx" }
]

/** Another spelling of `hx completions SHELL`, which is what programs made with @effect/cli have. */
const COMPLETIONS: OptionShape = { names: ["--completions"], value: "SHELL" }

/** @effect/cli's own way to be asked for each option; it is handed through. */
const WIZARD: OptionShape = { names: ["--wizard"], value: undefined }

const UNLISTED: ReadonlyArray<OptionShape> = [COMPLETIONS, WIZARD]

export const read = <E, R>(
  root: CommandNode<E, R>,
  argv: ReadonlyArray<string>
): Either.Either<Request<E, R>, UsageError> => {
  const { path, rest, unknown } = findCommand(root, argv)
  const command = path.at(-1) ?? root
  const name = path.map((node) => node.name).join(" ")
  if (unknown === undefined && asksFor(rest, ["--help", "-h"])) return Either.right({ _tag: "Help", path })
  if (unknown === undefined && asksFor(rest, ["--version", "-V"])) return Either.right({ _tag: "Version" })
  if (unknown !== undefined) return Either.left(Refusals.noSuchCommand(path, unknown))

  const shape = shapeOf(command.own)
  return Either.flatMap(readWords(path, shape, rest), (words): Either.Either<Request<E, R>, UsageError> => {
    const names = path.map((node) => node.name)
    const shell = words.options.find(([option]) => isOneOf([COMPLETIONS], option))?.[1]
    if (shell !== undefined) return read(root, ["completions", "--", shell])
    if (words.options.some(([option]) => isOneOf([WIZARD], option)))
      return Either.right({ _tag: "Run", words: [...names, "--wizard"], options: DEFAULTS, tree: root })
    if (!command.runs && words.arguments.length === 0) return Either.right({ _tag: "Help", path })
    const own = words.options.filter(([option]) => !isOneOf(GLOBAL_OPTIONS, option)).flat()
    const tail = words.arguments.length === 0 ? [] : ["--", ...words.arguments]
    const missing = shape.options.find(
      ({ names: spellings, required }) =>
        required === true && !words.options.some(([option]) => spellings.includes(option))
    )
    if (missing !== undefined) return Either.left(Refusals.missingOption(path, missing))
    return checkArguments(name, shape, words.arguments).pipe(
      Either.flatMap(() => globals(words.options)),
      Either.map((options) => ({ _tag: "Run", words: [...names, ...own, ...tail], options, tree: prune(path) }))
    )
  })
}

const isOneOf = (options: ReadonlyArray<OptionShape>, name: string): boolean =>
  options.some((option) => option.names.includes(name))

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
      const option = [...GLOBAL_OPTIONS, ...UNLISTED, ...shapeOf(node.own).options].find((known) =>
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

const readWords = <E, R>(
  path: readonly [CommandNode<E, R>, ...ReadonlyArray<CommandNode<E, R>>],
  shape: CommandShape,
  words: ReadonlyArray<string>
): Either.Either<Words, UsageError> => {
  const command = path.map((node) => node.name).join(" ")
  const known = [...shape.options, ...GLOBAL_OPTIONS, ...UNLISTED]
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
    if (option === undefined) return Either.left(Refusals.noSuchOption(path, shape, GLOBAL_OPTIONS, name))
    if (option.value === undefined) {
      if (equals !== -1) return Either.left(Refusals.switchWithValue(name))
      options.push([name])
      continue
    }
    const value = equals === -1 ? words[index + 1] : word.slice(equals + 1)
    if (equals === -1) index++
    const another = equals === -1 && value !== undefined && (value === "--" || find(value) !== undefined)
    if (value === undefined || another) return Either.left(Refusals.valueMissing(command, name, option.value, value))
    const choices = choicesOf(option.value)
    if (choices?.includes(value) === false) return Either.left(Refusals.noSuchChoice(name, value, choices))
    if (option.value === WHOLE_NUMBER.value && !WHOLE_NUMBER.pattern.test(value)) {
      return Either.left(Refusals.notANumber(name, value))
    }
    options.push([name, value])
  }
  return Either.right({ options, arguments: args })
}

const globals = (options: Words["options"]): Either.Either<GlobalOptions, UsageError> => {
  const [, written = DEFAULTS.logLevel] = options.findLast(([name]) => name === "--log-level") ?? []
  const logLevel = LOG_LEVELS.find((level) => level === written)
  if (logLevel === undefined) {
    return Either.left(Refusals.noSuchChoice("--log-level", written, LOG_LEVELS))
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
  if (extra !== undefined) return Either.left(Refusals.unexpectedArgument(command, extra, most, shape.options))
  const missing = shape.arguments.filter((argument) => argument.required)[given.length]
  if (missing !== undefined) return Either.left(Refusals.missingArgument(command, missing.name, missing.choices))
  for (const [index, word] of given.entries()) {
    const choices = (shape.arguments[index] ?? shape.arguments.at(-1))?.choices
    if (choices?.includes(word) === false) return Either.left(Refusals.noSuchArgument(command, word, choices))
  }
  return Either.right(undefined)
}
