/** This user's own history files, as they are on this machine now. */

import { Effect, Option } from "effect"
import { readdirSync, statSync } from "node:fs"
import { detectOwnFiles } from "../../../history/DetectOwnFiles.ts"
import { Paths } from "../../../platform/Paths.ts"
import { variable } from "../../../platform/Variables.ts"

export const ownFiles = Effect.gen(function* () {
  const { home } = yield* Paths
  const values = new Map<string, string>()
  for (const name of VARIABLES) {
    const value = yield* variable(name)
    if (Option.isSome(value)) values.set(name, value.value)
  }
  return yield* Effect.sync(() =>
    detectOwnFiles({ home, env: (name) => values.get(name), exists: isFile, list: namesIn })
  )
})

const VARIABLES = ["HISTFILE", "ZDOTDIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"]

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
