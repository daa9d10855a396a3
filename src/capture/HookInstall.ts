/**
 * Installing a shell's hook: the script goes into a file of hx's own, and one line that loads it into the shell's start-up file. Installing again
 * writes the script anew and leaves the line; uninstalling leaves the start-up file byte for byte as it was.
 *
 * A start-up file may be a symbolic link into somebody's dotfiles: what it leads to is changed, and the link stays. The script is there before the
 * line that loads it, and goes after it: a shell that starts in between finds nothing, and says nothing.
 */

import { Effect, Stream } from "effect"
import { existsSync } from "node:fs"
import { mkdir, readFile, realpath, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { errno } from "../platform/Errno.ts"
import { Paths } from "../platform/Paths.ts"
import { makePrivateDirectory, removePrivate, writePrivate } from "../platform/PrivateFile.ts"
import { userFileError, writeBytes } from "../platform/UserFile.ts"
import { hookPlaces } from "./HookPlaces.ts"
import type { HookedShell } from "./HookedShells.ts"
import { hookScript, type HookWishes } from "./HookScript.ts"
import { withHook, withoutHook } from "./RcFile.ts"

export interface HookChange {
  readonly shell: HookedShell
  readonly rc: string
  readonly script: string
  /** Whether the start-up file was changed. */
  readonly changed: boolean
  /** Where the start-up file is kept as it was; null: it needed no change, or there was none. */
  readonly backup: string | null
}

export const installHook = Effect.fn("HookInstall.install")(function* (shell: HookedShell, wishes: HookWishes) {
  const paths = yield* Paths
  const places = yield* hookPlaces(shell)
  const rc = yield* followed(places.rc)
  const before = yield* textOf(rc)
  const after = withHook(before, shell, places.script)
  // What shells write into, so that none of them has to make it.
  yield* makePrivateDirectory(join(paths.data, "spool"))
  yield* writePrivate(places.script, hookScript(shell, wishes))
  const change = { shell, rc: places.rc, script: places.script } as const
  if (after === undefined) return { ...change, changed: false, backup: null } satisfies HookChange as HookChange
  const backup = before === null ? null : yield* keep(rc, before)
  if (before === null) yield* attempt(rc, () => mkdir(dirname(rc), { recursive: true }))
  yield* writeText(rc, after)
  return { ...change, changed: true, backup } satisfies HookChange as HookChange
})

export const uninstallHook = Effect.fn("HookInstall.uninstall")(function* (shell: HookedShell) {
  const places = yield* hookPlaces(shell)
  const rc = yield* followed(places.rc)
  const before = yield* textOf(rc)
  const after = before === null ? undefined : withoutHook(before)
  if (after === null) yield* attempt(rc, () => unlink(rc))
  else if (after !== undefined) {
    yield* writeText(rc, after)
    // It is as it was, and needs no copy any more; a copy of something else is not ours to judge.
    const copy = backupOf(rc)
    if ((yield* textOf(copy)) === after) yield* attempt(copy, () => unlink(copy))
  }
  const had = existsSync(places.script)
  if (had) yield* removePrivate(places.script)
  const change = { shell, rc: places.rc, script: places.script, changed: after !== undefined, backup: null }
  return { change: change satisfies HookChange as HookChange, had: had || after !== undefined }
})

const backupOf = (rc: string): string => `${rc}.before-hx`

/** The first copy stays: it is from before hx. */
const keep = Effect.fnUntraced(function* (rc: string, text: string) {
  const copy = backupOf(rc)
  if ((yield* textOf(copy)) === null) yield* writeText(copy, text)
  return copy
})

/** What a symbolic link leads to in the end; the path itself where there is nothing yet. */
const followed = (path: string) =>
  attempt(path, () =>
    realpath(path).catch((cause: unknown) => {
      if (errno(cause) === "ENOENT") return path
      throw cause
    })
  )

/** Byte for byte: a start-up file may hold anything. */
const textOf = (path: string) =>
  attempt(path, () =>
    readFile(path, "latin1").catch((cause: unknown) => {
      if (errno(cause) === "ENOENT") return null
      throw cause
    })
  )

const writeText = (path: string, text: string) => writeBytes(path, Stream.make(Buffer.from(text, "latin1")))

const attempt = <A>(path: string, action: () => Promise<A>) =>
  Effect.tryPromise({ try: action, catch: (cause) => userFileError(path, cause) })
