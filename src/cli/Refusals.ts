/** What is said of command lines that cannot be understood: each names the nearest that could. */

import { nearest } from "../platform/Nearest.ts"
import { type CommandNode, type CommandShape, listed, type OptionShape, shapeOf } from "./CommandTree.ts"
import { meaningElsewhere } from "./OtherWords.ts"
import { UsageError } from "./UsageError.ts"

type Path<E, R> = readonly [CommandNode<E, R>, ...ReadonlyArray<CommandNode<E, R>>]

/** `path` leads to the command below which there is no `written`. */
export const noSuchCommand = <E, R>(path: Path<E, R>, written: string): UsageError => {
  const name = nameOf(path)
  const meant = written === "help" ? `${name} --help` : meantBy(path, written)
  const hint = meant === undefined ? seeHelp(name) : `Did you mean "${meant}"?`
  return new UsageError({ what: "No such command", subject: `${name} ${written}`, hint })
}

/**
 * The whole name of the command that was meant by a word that is none here: one of that name elsewhere, what other tools call so, or the nearest,
 * here or anywhere.
 */
export const meantBy = <E, R>(path: Path<E, R>, written: string): string | undefined => {
  const [root] = path
  const children = listed(path.at(-1) ?? root).map((child) => child.name)
  const near = nearest(written, children)
  return (
    placesOf(root, written)[0] ??
    meaningElsewhere(root, written) ??
    (near === undefined ? placesOf(root, nearest(written, namesBelow(root)) ?? "")[0] : `${nameOf(path)} ${near}`)
  )
}

/** Where else in the tree there is a command of that name. */
const placesOf = <E, R>(node: CommandNode<E, R>, written: string, above = ""): ReadonlyArray<string> => {
  const name = `${above}${node.name}`
  return listed(node).flatMap((child) => [
    ...(child.name === written ? [`${name} ${child.name}`] : []),
    ...placesOf(child, written, `${name} `)
  ])
}

const namesBelow = <E, R>(node: CommandNode<E, R>): ReadonlyArray<string> =>
  listed(node).flatMap((child) => [child.name, ...namesBelow(child)])

export const noSuchOption = <E, R>(
  path: Path<E, R>,
  shape: CommandShape,
  common: ReadonlyArray<OptionShape>,
  written: string
): UsageError => {
  const command = nameOf(path)
  const names = [...shape.options, ...common].flatMap((option) => option.names).filter((name) => name.length > 2)
  const meant = nearest(written, names)
  const below = listed(path.at(-1) ?? path[0]).filter((child) =>
    shapeOf(child.own).options.some((option) => option.names.includes(written))
  )
  const hint =
    below.length > 0
      ? `It is an option of ${below.map((child) => `"${command} ${child.name}"`).join(" and ")}.`
      : meant !== undefined
        ? `Did you mean ${meant}?`
        : shape.arguments.length > 0
          ? `Put -- before words that begin with a dash: ${command} -- ${written}`
          : seeHelp(command)
  return new UsageError({ what: `No such option of "${command}"`, subject: written, hint })
}

export const valueMissing = (command: string, name: string, value: string, next: string | undefined): UsageError => {
  const hint =
    next === undefined || next === "--"
      ? `Write ${name} ${value}. ${seeHelp(command)}`
      : `Write ${name} ${value}, or ${name}=${next} if that is meant.`
  return new UsageError({ what: "Missing value of an option", subject: name, hint })
}

export const noSuchChoice = (name: string, value: string, choices: ReadonlyArray<string>): UsageError =>
  new UsageError({ what: "No such value of an option", subject: `${name} ${value}`, hint: oneOf(value, choices) })

export const notANumber = (name: string, value: string): UsageError =>
  new UsageError({ what: "Not a whole number", subject: `${name} ${value}`, hint: `Write ${name} 20, or another one.` })

export const missingOption = <E, R>(path: Path<E, R>, { names, value }: OptionShape): UsageError => {
  const [example = ""] = path.at(-1)?.examples ?? []
  const subject = [names[0], value].join(" ")
  return new UsageError({ what: "An option is missing", subject, hint: `For example: ${path[0].name} ${example}` })
}

export const noSuchArgument = (command: string, written: string, choices: ReadonlyArray<string>): UsageError =>
  new UsageError({ what: "No such argument", subject: `${command} ${written}`, hint: oneOf(written, choices) })

const canBe = (choices: ReadonlyArray<string>): string =>
  `It can be ${choices.slice(0, -1).join(", ")}${choices.length > 1 ? " or " : ""}${choices.at(-1) ?? ""}.`

const oneOf = (written: string, choices: ReadonlyArray<string>): string => {
  const meant = nearest(written, choices)
  return meant === undefined ? canBe(choices) : `Did you mean ${meant}?`
}

export const switchWithValue = (name: string): UsageError =>
  new UsageError({ what: "This option takes no value", subject: name, hint: `Write ${name} alone, or leave it out.` })

/** A store's URL where an option takes it is named as such, and not repeated: there may be a secret in it. */
export const unexpectedArgument = (
  command: string,
  extra: string,
  most: number,
  options: ReadonlyArray<OptionShape>
): UsageError => {
  const taking = /^(s3|folder|file):/i.test(extra) ? options.find(({ names }) => names[0] === "--store") : undefined
  if (taking !== undefined) {
    return new UsageError({
      what: "Unexpected argument",
      subject: "a store URL",
      hint: `Put --store before it: ${command} --store "URL"`
    })
  }
  const hint = most === 0 ? `"${command}" takes no arguments.` : `"${command}" takes one: quote it if it has blanks.`
  return new UsageError({ what: "Unexpected argument", subject: extra, hint })
}

export const missingArgument = (
  command: string,
  name: string,
  choices: ReadonlyArray<string> | undefined
): UsageError => {
  const hint = choices === undefined ? seeHelp(command) : canBe(choices)
  return new UsageError({ what: "Missing argument", subject: name, hint })
}

const nameOf = <E, R>(path: Path<E, R>): string => path.map((node) => node.name).join(" ")

const seeHelp = (command: string): string => `See: ${command} --help`
