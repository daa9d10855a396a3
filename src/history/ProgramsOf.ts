/**
 * Which programs a command line runs, by the names under which people think of them:
 *
 *     git commit -m "a; b"                     git commit
 *     sudo -u root LANG=C apt-get install x    apt-get install
 *     docker compose -f x.yml up -d            docker compose up
 *     cat log | grep x | sort > out            cat, grep, sort
 *     for f in *; do /usr/bin/gzip "$f"; done  gzip
 *     cd build && make && cd ..                cd, make
 *
 * Each once, in the order in which they stand there. What wraps another command (Wrappers.ts) is seen through, what has subcommands is named
 * with them (Subcommands.ts). What a string or a $(…) holds is an argument, and so is what a here-document holds. This is no shell: aliases
 * are what they are called, and where a line makes no sense it is read as far as it does.
 */

import { ShellWords, type Word } from "./programs/ShellWords.ts"
import { subcommandOf } from "./programs/Subcommands.ts"
import { WRAPPERS } from "./programs/Wrappers.ts"

export const programsOf = (line: string): ReadonlyArray<string> => {
  const words = new ShellWords(line)
  const found: Array<string> = []
  for (let command = words.nextCommand(); command !== null; command = words.nextCommand()) {
    const name = nameOf(command)
    if (name !== null && !found.includes(name)) found.push(name)
  }
  return found
}

const nameOf = (words: ReadonlyArray<Word>): string | null => {
  let at = 0
  let wrapper: string | null = null
  for (;;) {
    while (isKeyword(words[at]) || isAssignment(words[at])) at++
    const word = words[at]
    if (word === undefined || (!word.quoted && ENDS.has(word.text))) return wrapper
    const program = baseName(word.text)
    if (!PROGRAM.test(program)) return wrapper
    const wraps = word.quoted ? undefined : WRAPPERS.get(program)
    if (wraps === undefined) return subcommandOf(program, words, at + 1)
    wrapper = program
    at = skipOptions(words, at + 1, wraps.valued) + wraps.operands
  }
}

const isKeyword = (word: Word | undefined): boolean => word !== undefined && !word.quoted && KEYWORDS.has(word.text)

/** Behind these stands a command. */
const KEYWORDS: ReadonlySet<string> = new Set(["if", "then", "elif", "else", "while", "until", "do", "!", "{"])

/** These are followed by none, or end one; nor is a variable of a loop one. */
const ENDS: ReadonlySet<string> = new Set(["fi", "done", "esac", "}", "for", "case", "select", "function", "in"])

const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?\+?=/

const isAssignment = (word: Word | undefined): boolean =>
  word !== undefined && word.text.includes("=") && ASSIGNMENT.test(word.text)

/** What the line itself makes ($(…)), and a function that it defines, have no name of their own. */
const PROGRAM = /^(?![-+]|\$\()[^\s()]+$/

/** Where it lies says nothing: "/usr/bin/git" is git. What lies here, such as ./configure, is something else than what lies elsewhere. */
const baseName = (text: string): string =>
  text.startsWith("/") || text.startsWith("~") ? text.slice(text.lastIndexOf("/") + 1) : text

const skipOptions = (words: ReadonlyArray<Word>, from: number, valued: ReadonlySet<string>): number => {
  let at = from
  for (let word = words[at]; word !== undefined; word = words[at]) {
    if (word.text === "--") return at + 1
    if (!word.text.startsWith("-")) return at
    at += valued.has(word.text) ? 2 : 1
  }
  return at
}
