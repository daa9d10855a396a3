/** The directories of a folder store, its lock, and what killed runs leave in it. */

import { Clock, Duration, Effect } from "effect"
import { lstat, readdir, stat, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import { acquireLock } from "../platform/FileLock.ts"
import { makePrivateDirectory, settleDirectories, syncDirectory } from "../platform/PrivateFile.ts"
import { attemptOn, fromLock } from "./FolderErrors.ts"
import { StoreError } from "./StoreError.ts"

/** Begins the names of what is no object: temporary files and the lock. */
export const OWN = ".~hx"

const STRAY_AFTER = Duration.hours(1)

/** Another hx holds the lock for the time of one small write. */
const LOCK_WAIT = Duration.seconds(10)

export const makeDirectory = Effect.fnUntraced(function* (root: string, name: string) {
  const directory = dirname(join(root, name))
  const there = yield* refuseLinks("put", root, name)
  if (there) return
  yield* makePrivateDirectory(directory).pipe(
    Effect.catchAll((error) => attemptOn("put", directory, () => Promise.reject(error.cause)))
  )
})

/** Makes sure of directories that a killed run may have made. */
export const settleAbove = (directory: string) =>
  settleDirectories(directory).pipe(
    Effect.catchAll((error) => attemptOn("put", directory, () => Promise.reject(error.cause)))
  )

/** Fails where a directory between the folder and the object is a symbolic link or none at all; tells whether all of them are there. */
export const refuseLinks = Effect.fnUntraced(function* (
  operation: StoreError["operation"],
  root: string,
  name: string
) {
  let directory = root
  const found = yield* attemptOn(operation, root, () => stat(root)).pipe(absentAs(undefined))
  if (found === undefined) return false
  for (const segment of name.split("/").slice(0, -1)) {
    directory = join(directory, segment)
    const inner = yield* attemptOn(operation, directory, () => lstat(directory)).pipe(absentAs(undefined))
    if (inner === undefined) return false
    if (!inner.isDirectory()) {
      const detail = inner.isSymbolicLink() ? "a symbolic link, which is not followed" : "not a folder"
      return yield* new StoreError({ reason: "NotAStore", operation, subject: directory, detail })
    }
  }
  return true
})

/** A folder that should be there and is not may be a disk that is not mounted: that must not look like an empty store. */
export const requireRoot = Effect.fnUntraced(function* (operation: StoreError["operation"], root: string) {
  const found = yield* attemptOn(operation, root, () => stat(root)).pipe(absentAs(undefined))
  if (found === undefined) {
    const detail = "there is no such folder; is its disk mounted?"
    return yield* new StoreError({ reason: "NoSuchFolder", operation, subject: root, detail })
  }
  if (!found.isDirectory()) {
    return yield* new StoreError({ reason: "NotAStore", operation, subject: root, detail: "not a folder" })
  }
})

export const absentAs =
  <B>(value: B) =>
  <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A | B, StoreError> =>
    Effect.catchIf(
      effect,
      (error) => error.reason === "Absent",
      () => Effect.succeed(value)
    )

export const holdLock = (operation: StoreError["operation"], root: string) =>
  acquireLock(join(root, `${OWN}.lock`), LOCK_WAIT).pipe(Effect.mapError((error) => fromLock(operation, error)))

/** What the names of an object's temporary files begin with; file systems take 255 bytes. */
export const temporaryOf = (base: string): string => `${OWN}-${base.slice(0, 128)}-`

/** Removes the temporary files of objects whose name begins so, however new; gives their number. */
export const removeTemporary = Effect.fnUntraced(function* (root: string, prefix: string) {
  const directory = join(root, prefix.slice(0, Math.max(0, prefix.lastIndexOf("/"))))
  const base = prefix.slice(prefix.lastIndexOf("/") + 1)
  const begins = base === "" ? `${OWN}-` : temporaryOf(base)
  if (!(yield* refuseLinks("delete", root, prefix))) return 0
  const entries = yield* attemptOn("delete", directory, () => readdir(directory)).pipe(
    absentAs<ReadonlyArray<string>>([])
  )
  const left = entries.filter((name) => name.startsWith(begins) && name.endsWith(".tmp"))
  for (const name of left) {
    yield* attemptOn("delete", join(directory, name), () => unlink(join(directory, name))).pipe(absentAs(undefined))
  }
  if (left.length > 0) {
    yield* syncDirectory(directory).pipe(
      Effect.catchAll((error) => attemptOn("delete", directory, () => Promise.reject(error.cause)))
    )
  }
  return left.length
})

/** Killed runs leave temporary files; a living one finishes within the hour. */
export const removeStray = Effect.fnUntraced(function* (directory: string) {
  const now = yield* Clock.currentTimeMillis
  const entries = yield* attemptOn("put", directory, () => readdir(directory))
  for (const entry of entries.filter((name) => name.startsWith(`${OWN}-`) && name.endsWith(".tmp"))) {
    const path = join(directory, entry)
    // Somebody else may be tidying too: a file that is gone is what is wanted.
    yield* Effect.promise(async () => {
      const found = await lstat(path).catch(() => undefined)
      if (found !== undefined && now - found.mtimeMs > Duration.toMillis(STRAY_AFTER))
        await unlink(path).catch(() => undefined)
    })
  }
})
