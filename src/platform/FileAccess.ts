/** Whose a file or directory is, and what others may do with it. */

import { Effect, Option } from "effect"
import { access, constants, stat } from "node:fs/promises"
import { dirname } from "node:path"

export interface FileAccess {
  readonly path: string
  /** It belongs to another user than the one who runs hx. */
  readonly foreign: boolean
  /** Others than its owner may change it, or read it. */
  readonly othersWrite: boolean
  readonly othersRead: boolean
  readonly isDirectory: boolean
  /** "0755" */
  readonly mode: string
}

/** None where it is not there, or cannot be looked at. */
export const accessOf = Effect.fn("FileAccess.of")((path: string) =>
  Effect.tryPromise(() => stat(path)).pipe(
    Effect.map((found): FileAccess => {
      const self = process.getuid?.()
      return {
        path,
        foreign: self !== undefined && found.uid !== self,
        othersWrite: (found.mode & 0o022) !== 0,
        othersRead: (found.mode & 0o044) !== 0,
        isDirectory: found.isDirectory(),
        mode: (found.mode & 0o7777).toString(8).padStart(4, "0")
      }
    }),
    Effect.asSome,
    Effect.orElseSucceed(() => Option.none<FileAccess>())
  )
)

/** The directory that stands in the way of making this one: the nearest that is there, where nothing may be made in it. */
export const hindering = Effect.fn("FileAccess.hindering")(function* (path: string) {
  let above = dirname(path)
  while (above !== dirname(above) && Option.isNone(yield* accessOf(above))) above = dirname(above)
  const may = Effect.tryPromise(() => access(above, constants.W_OK | constants.X_OK))
  return yield* Effect.match(may, { onFailure: () => Option.some(above), onSuccess: () => Option.none<string>() })
})
