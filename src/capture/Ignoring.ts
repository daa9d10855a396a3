/**
 * Which commands are kept out of the history. A pattern is of a whole command: `*` stands for any characters, `?` for one, all else for itself. A directory
 * stands for itself and all below it.
 */

import type { Begin } from "./SpoolRecord.ts"

export interface Ignoring {
  readonly patterns: ReadonlyArray<string>
  /** Absolute. */
  readonly directories: ReadonlyArray<string>
}

export const isIgnored = ({ command, cwd }: Pick<Begin, "command" | "cwd">, wishes: Ignoring): boolean =>
  wishes.patterns.some((pattern) => matches(pattern, command)) ||
  (cwd !== null && wishes.directories.some((directory) => isWithin(cwd, directory)))

/** In time of the product of both lengths at most, and mostly of their sum: a pattern comes from a file, a command from anywhere. */
export const matches = (pattern: string, text: string): boolean => {
  let [at, inText] = [0, 0]
  let star = -1
  let taken = 0
  while (inText < text.length) {
    if (at < pattern.length && pattern[at] === "*") {
      star = at++
      taken = inText
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[inText])) {
      at++
      inText++
    } else if (star >= 0) {
      at = star + 1
      inText = ++taken
    } else return false
  }
  while (pattern[at] === "*") at++
  return at === pattern.length
}

const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`)
