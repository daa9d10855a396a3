/**
 * In which order commands are shown that fit what was typed: exact before recent before fuzzy. docs/search.md explains it to people.
 *
 * A score is counted in halvings of time: one point less for a command that ran twice as long ago.
 */

export interface Standing {
  /** Hours since it last ran; null where nothing says when. */
  readonly hours: number | null
  /** How often it ran. */
  readonly count: number
  /** It ran in this directory. */
  readonly here: boolean
  /** It is what was typed, and nothing else. */
  readonly whole: boolean
  /** It begins with the first word that was typed. */
  readonly begins: boolean
  /** That word begins a word in it. */
  readonly word: boolean
  /** How well the letters fit, from 0 to 1, where the words themselves are not there; null where they are. */
  readonly fuzzy: number | null
}

/** Apart from each other by more than all else together. */
const EXACT = 1_000
/** A fit that is better by all there is counts as much as this many halvings of time. */
const FIT = 24

export const scoreOf = (standing: Standing): number => {
  const age = standing.hours === null ? UNDATED : Math.log2(1 + Math.max(0, standing.hours))
  const recent = Math.log2(standing.count) / 2 + (standing.here ? HERE : 0) - age
  if (standing.fuzzy !== null) return recent + FIT * standing.fuzzy - EXACT
  return recent + (standing.whole ? EXACT : 0) + (standing.begins ? BEGINS : standing.word ? WORD : 0)
}

/** As if it had run a hundred years ago. */
const UNDATED = 20
const HERE = 3
const BEGINS = 4
const WORD = 2
