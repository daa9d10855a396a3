/** Which characters of a line on the screen are what was typed. */

import type { SearchQuery, Term } from "../../history/search/SearchQuery.ts"

/** One for each UTF-16 code unit: whether it is part of a hit. */
export const highlight = (text: string, query: SearchQuery): ReadonlyArray<boolean> => {
  const marks = new Array<boolean>(text.length).fill(false)
  const lower = text.toLowerCase()
  // A few letters are another number of units in lower case: then nothing is marked rather than the wrong ones.
  if (lower.length !== text.length) return marks
  for (const term of query.terms) if (term.kind === "text" && !term.negated) mark(marks, lower, term)
  return marks
}

const mark = (marks: Array<boolean>, text: string, term: Term & { readonly kind: "text" }): void => {
  const { length } = term.text
  const at = placeOf(text, term)
  if (at !== -1) return void marks.fill(true, at, at + length)
  if (!term.fuzzy) return
  let next = 0
  for (const letter of term.text) {
    const found = text.indexOf(letter, next)
    if (found === -1) return
    marks.fill(true, found, found + letter.length)
    next = found + letter.length
  }
}

const placeOf = (text: string, { place, text: word }: Term & { readonly kind: "text" }): number => {
  if (place === "anywhere") return text.indexOf(word)
  if (place === "end") return text.endsWith(word) ? text.length - word.length : -1
  return text.startsWith(word) ? 0 : -1
}
