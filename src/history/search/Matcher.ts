/** A query over the bytes of CommandTexts. */

import { isWordByte } from "./Bytes.ts"
import { type CommandTexts, indexOfBytes } from "./CommandTexts.ts"
import { fuzzyFit } from "./Fuzzy.ts"
import type { SearchQuery, Term } from "./SearchQuery.ts"

export interface Matcher {
  /** Bytes that whatever fits holds, where it pays to look for them first. */
  readonly anchor: Buffer | null
  /** Some of it may stand apart. */
  readonly fuzzy: boolean
  /** Every word is there as it stands. */
  readonly fits: (command: number) => boolean
  /** How well the letters of those words that may stand apart fit, above 0; 0 where something does not. */
  readonly fitsLoosely: (command: number) => number
  /** It is the query, and nothing else. */
  readonly isWhole: (command: number) => boolean
  /** Where the first word that is looked for begins. */
  readonly firstWord: (command: number) => "begins" | "word" | "inside"
}

export const makeMatcher = (texts: CommandTexts, query: SearchQuery): Matcher => {
  const tests = query.terms.map((term) => testOf(texts, term))
  const strict = query.terms.flatMap((term, index) => (isFuzzy(term) ? [] : [tests[index]!]))
  const loose = query.terms.flatMap((term) => (isFuzzy(term) ? [Buffer.from(term.text.replaceAll(/\s/g, ""))] : []))
  const positive = query.terms.flatMap((term) =>
    term.kind === "text" && !term.negated ? [{ needle: Buffer.from(term.text), place: term.place }] : []
  )
  const longest = positive.reduce<Buffer | null>(
    (best, { needle }) => (needle.length > (best?.length ?? ANCHOR_BYTES - 1) ? needle : best),
    null
  )
  const whole = Buffer.from(query.whole)
  const first = positive[0]?.needle
  return {
    anchor: longest,
    fuzzy: loose.some((needle) => needle.length > 1),
    fits: (command) => tests.every((test) => test(command)),
    fitsLoosely: (command) => {
      if (!strict.every((test) => test(command))) return 0
      let worst = 1
      for (const needle of loose) {
        worst = Math.min(worst, fuzzyFit(texts.bytes, needle, texts.startOf(command), texts.endOf(command)))
        if (worst === 0) return 0
      }
      return worst
    },
    isWhole: (command) => isAt(texts, whole, command, "whole"),
    firstWord: (command) => {
      if (first === undefined) return "inside"
      const begin = texts.startOf(command)
      const at = indexOfBytes(texts.bytes, first, begin, texts.endOf(command))
      if (at === begin) return "begins"
      return at > begin && !isWordByte(texts.bytes[at - 1]!) ? "word" : "inside"
    }
  }
}

/** Shorter ones are in so many commands that looking at each costs less than finding the next. */
const ANCHOR_BYTES = 3

const isFuzzy = (term: Term): term is Term & { readonly kind: "text" } => term.kind === "text" && term.fuzzy

const testOf = (texts: CommandTexts, term: Term): ((command: number) => boolean) => {
  if (term.kind === "regex") {
    return (command) => term.regex.test(texts.beginning(command, REGEX_BYTES)) !== term.negated
  }
  const needle = Buffer.from(term.text)
  return (command) => isAt(texts, needle, command, term.place) !== term.negated
}

/** Of a longer command this much is read: what takes longer than that to be matched would be felt. */
const REGEX_BYTES = 16 * 1024

const isAt = (texts: CommandTexts, needle: Buffer, command: number, place: Placed): boolean => {
  const [begin, end] = [texts.startOf(command), texts.endOf(command)]
  if (place === "anywhere") return indexOfBytes(texts.bytes, needle, begin, end) !== -1
  if (needle.length > end - begin || (place === "whole" && needle.length !== end - begin)) return false
  const from = place === "end" ? end - needle.length : begin
  return indexOfBytes(texts.bytes, needle, from, from + needle.length) !== -1
}

type Placed = "anywhere" | "start" | "end" | "whole"
