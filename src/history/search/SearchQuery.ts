/**
 * What is typed into `hx search`: words between blanks, in any order, all of which have to fit the command. Upper or lower case.
 *
 *     word        the command holds it; commands that hold its letters only in this order come last (Fuzzy.ts)
 *     "two words" the command holds them as they stand, blank and all; the same is two\ words
 *     'word       the command holds it as it stands
 *     ^word       the command begins with it
 *     word$       the command ends with it; ^word$ is the whole command
 *     !word       the command does not hold it; also !^word, !word$, !'word, !/regex/
 *     /regex/     the command matches it (Regex.ts); no blanks in it, \s stands for one
 *
 * What is not finished yet (a lone !, ' or ^, an open quote or regex) hides nothing: people see the list while they type.
 */

import { compileRegex, type Regex } from "./Regex.ts"

export type Place = "anywhere" | "start" | "end" | "whole"

export type Term =
  | {
      readonly kind: "text"
      /** In lower case. */
      readonly text: string
      readonly place: Place
      /** Its letters may stand apart. */
      readonly fuzzy: boolean
      readonly negated: boolean
    }
  | { readonly kind: "regex"; readonly regex: Regex; readonly source: string; readonly negated: boolean }

export interface SearchQuery {
  readonly terms: ReadonlyArray<Term>
  /** What was typed as a whole, in lower case: a command that is just this comes first. */
  readonly whole: string
  /** What is wrong with it, for people; null: nothing. */
  readonly problem: string | null
}

/** Longer than any query somebody types; what is pasted beyond it is not looked at. */
export const LONGEST_QUERY = 1_000

/** Of terms: each costs a look at every command that fits the others. */
const MOST_TERMS = 32

export const parseSearchQuery = (typed: string): SearchQuery => {
  const text = typed.slice(0, LONGEST_QUERY)
  const terms: Array<Term> = []
  let problem: string | null = null
  for (const word of piecesOf(text).slice(0, MOST_TERMS)) {
    const term = termOf(word)
    if (typeof term === "string") problem ??= term
    else if (term !== undefined) terms.push(term)
  }
  return { terms, whole: text.trim().toLowerCase(), problem }
}

/** The query that finds what begins with a text as it stands: for the up arrow, which knows no operators. */
export const startingWith = (typed: string): SearchQuery => {
  const text = typed.slice(0, LONGEST_QUERY).toLowerCase()
  const terms: ReadonlyArray<Term> =
    text === "" ? [] : [{ kind: "text", text, place: "start", fuzzy: false, negated: false }]
  return { terms, whole: text, problem: null }
}

/** What every command that fits holds as it stands, letters apart from each other not counted. */
export const wordsOf = ({ terms }: SearchQuery): ReadonlyArray<string> =>
  terms.flatMap((term) => (term.kind === "text" && !term.negated ? [term.text] : []))

/** Whether whatever fits `next` fits `before` too, so that only that needs to be looked through. */
export const narrows = (before: SearchQuery, next: SearchQuery): boolean =>
  before.terms.length <= next.terms.length && before.terms.every((term, index) => tightens(term, next.terms[index]))

const tightens = (before: Term, next: Term | undefined): boolean => {
  if (next === undefined) return false
  if (before.kind === "regex" || next.kind === "regex") {
    return (
      before.kind === "regex" &&
      next.kind === "regex" &&
      before.source === next.source &&
      before.negated === next.negated
    )
  }
  if (before.fuzzy !== next.fuzzy || before.place !== next.place || before.negated !== next.negated) return false
  if (before.text === next.text) return true
  if (before.negated) return false
  return (before.place === "anywhere" || before.place === "start") && next.text.startsWith(before.text)
}

interface Word {
  readonly text: string
  /** Put in double quotes. */
  readonly phrase: boolean
}

const piecesOf = (text: string): ReadonlyArray<Word> =>
  Array.from(text.matchAll(/(?<!\S)"([^"]+)"(?!\S)|(?:\\[\s\S]|[^\s\\]|\\$)+/g), ([word, phrase]) =>
    phrase === undefined ? { text: word, phrase: false } : { text: phrase, phrase: true }
  )

/** The term of a word; undefined where it is not one yet, words where it cannot be one. */
const termOf = ({ phrase, text }: Word): Term | string | undefined => {
  if (phrase) return { kind: "text", text: text.toLowerCase(), place: "anywhere", fuzzy: false, negated: false }
  const negated = text.length > 0 && text.startsWith("!")
  const rest = negated ? text.slice(1) : text
  const regex = /^\/(.+)\/$/s.exec(rest)
  if (regex !== null) return regexOf(regex[1]!, negated)
  if (rest === "" || rest === "'" || rest === "^") return undefined
  const literal = rest.startsWith("'")
  const start = !literal && rest.startsWith("^")
  const end = !literal && rest.length > 1 && rest.endsWith("$") && !rest.endsWith("\\$")
  const bare = unescape(rest.slice(literal || start ? 1 : 0, end ? -1 : undefined)).toLowerCase()
  if (bare === "") return undefined
  const place = start ? (end ? "whole" : "start") : end ? "end" : "anywhere"
  return { kind: "text", text: bare, place, fuzzy: !literal && !negated && place === "anywhere", negated }
}

const regexOf = (source: string, negated: boolean): Term | string => {
  const regex = compileRegex(source)
  return typeof regex === "string" ? regex : { kind: "regex", regex, source, negated }
}

/** `\ ` is a blank, `\$` a dollar sign at the end; any other backslash was typed to be found. */
const unescape = (text: string): string => text.replace(/\\(\s)|\\(\$)$/g, "$1$2")
