/** Where the person is: the directory as their shell calls it and as the system does, and the repository around it. */

import { Effect, Option } from "effect"
import { existsSync, statSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
import { variable } from "./Variables.ts"

export interface Whereabouts {
  /** The shell's name for it first: that is what hooks record. Links may lead to it by another one. */
  readonly directories: ReadonlyArray<string>
  /** The nearest directory above that holds a repository, under each of these names; none outside of one. */
  readonly repositories: ReadonlyArray<string>
}

export const whereabouts = Effect.fn("Whereabouts.find")(function* (workingDirectory: string) {
  const named = Option.filter(yield* variable("PWD"), (path) => isSame(path, workingDirectory))
  const directories = Array.from(new Set([...Option.toArray(named), workingDirectory]))
  const repositories = Array.from(new Set(directories.flatMap(repositoryAround)))
  return { directories, repositories } satisfies Whereabouts as Whereabouts
})

/** PWD is a variable like any other, and may say anything. */
const isSame = (path: string, other: string): boolean => {
  if (!isAbsolute(path)) return false
  try {
    const [a, b] = [statSync(path), statSync(other)]
    return a.ino === b.ino && a.dev === b.dev
  } catch {
    return false
  }
}

const MARKS = [".git", ".hg", ".jj", ".svn"] as const

const repositoryAround = (directory: string): ReadonlyArray<string> => {
  for (let at = directory; ; at = dirname(at)) {
    if (MARKS.some((mark) => existsSync(join(at, mark)))) return [at]
    if (at === dirname(at)) return []
  }
}
