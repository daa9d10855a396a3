/**
 * This user's own history files, found where the shells keep them.
 *
 *     zsh    $HISTFILE, else what its set-up and the usual frameworks choose: ~/.zsh_history, ~/.histfile, ~/.zhistory, under $ZDOTDIR too
 *     bash   $HISTFILE, else ~/.bash_history
 *     fish   $XDG_DATA_HOME/fish/<session>_history
 *
 * HISTFILE is seldom exported, so it names a file where it is known and proves nothing where it is not. Which format a file has is told by
 * its content (DetectFormat.ts), not by where it was found.
 */

import { posix } from "node:path"

export interface HomeView {
  readonly home: string
  readonly env: (name: string) => string | undefined
  /** Whether there is a regular file. */
  readonly exists: (path: string) => boolean
  /** The names in a directory; none where there is no such directory. */
  readonly list: (directory: string) => ReadonlyArray<string>
}

/** Paths, each once, in the order zsh, bash, fish. */
export const detectOwnFiles = (view: HomeView): ReadonlyArray<string> => {
  const { home } = view
  const directory = (variable: string, fallback: string) => absolute(view.env(variable)) ?? posix.join(home, fallback)
  const data = directory("XDG_DATA_HOME", ".local/share")
  const state = directory("XDG_STATE_HOME", ".local/state")
  const cache = directory("XDG_CACHE_HOME", ".cache")
  const zdot = directory("ZDOTDIR", "")
  const given = absolute(expandHome(view.env("HISTFILE"), home))
  const fish = posix.join(data, "fish")

  const candidates = [
    ...(given === undefined ? [] : [given]),
    ...[zdot, home].flatMap((base) => ZSH_NAMES.map((name) => posix.join(base, name))),
    ...[data, state, cache].flatMap((base) => [posix.join(base, "zsh/history"), posix.join(base, "zsh/.zsh_history")]),
    posix.join(home, ".bash_history"),
    posix.join(state, "bash/history"),
    ...view
      .list(fish)
      .filter((name) => name.endsWith("_history"))
      .toSorted()
      .map((name) => posix.join(fish, name))
  ]
  return [...new Set(candidates)].filter(view.exists)
}

const ZSH_NAMES = [".zsh_history", ".histfile", ".zhistory"]

/** Variables that are empty or relative do not count, as the XDG specification has it. */
const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && posix.isAbsolute(path) ? posix.normalize(path).replace(/(?<=.)\/$/, "") : undefined

const expandHome = (path: string | undefined, home: string): string | undefined =>
  path?.startsWith("~/") === true ? posix.join(home, path.slice(2)) : path
