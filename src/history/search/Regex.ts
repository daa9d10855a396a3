/**
 * Regular expressions whose time grows with the length of the text and nothing else, so that none of them can freeze the screen: JavaScript's own go
 * back and try again, and take years for (a+)+b. A lazily made automaton reads each character of a command once.
 *
 * Known are: characters, . \d \w \s \D \W \S \b \B, [classes], (groups), (?:groups), |, * + ? {n} {n,} {n,m} (lazy ones are the same here: only
 * whether a command matches is asked), ^ and $ at the ends of the command. What needs going back is refused with words: back references, look-around.
 */

import { makeAutomaton } from "./RegexAutomaton.ts"
import { parseRegex } from "./RegexParser.ts"

export interface Regex {
  /** Whether it matches somewhere in the text, which is in lower case. */
  readonly test: (text: string) => boolean
}

/** The expression, upper or lower case; or why it is none, in words. */
export const compileRegex = (source: string): Regex | string => {
  const parsed = parseRegex(source)
  if (typeof parsed === "string") return parsed
  return makeAutomaton(parsed)
}
