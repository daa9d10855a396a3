/**
 * Small files that are nobody else's: keys, credentials. A write is whole or absent even after power loss: a temporary file in the same
 * directory, 0600, fsync, rename, fsync of the directory. Directories that have to be made are 0700.
 *
 * Reading refuses a file that somebody else owns or may write, or that a symbolic link leads to, since it may not say what we wrote. A directory
 * that others may write in is closed to them (Exposure.ts), and so is a file that others may only read, with a warning: refusing would not take
 * back what they have seen.
 */

import { Data, Effect, Option } from "effect"
import { randomBytes } from "node:crypto"
import { constants } from "node:fs"
import { type FileHandle, open, readdir, rename, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { closeFile } from "./CloseFile.ts"
import { errno } from "./Errno.ts"
import { closeToOthers, isForeign } from "./Exposure.ts"
import { makeDirectories } from "./MakeDirectories.ts"

export class PrivateFileError extends Data.TaggedError("PrivateFileError")<{
  readonly reason: "Denied" | "NoSpace" | "ReadOnly" | "Exposed" | "TooLarge" | "Failing" | "Failed"
  readonly path: string
  /** What to do about it. */
  readonly remedy: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: ${this.path}: ${this.remedy}`
  }
}

/** No key or credentials file comes near this, in bytes. */
const MAX_BYTES = 1024 * 1024

/** The file's bytes, or none where there is no such file. */
export const readPrivate = Effect.fn("PrivateFile.read")((path: string) =>
  Effect.acquireUseRelease(
    Effect.zipRight(
      checkDirectory(path),
      attempt(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW))
    ),
    (handle) => readChecked(path, handle).pipe(Effect.map(Option.some)),
    closeFile
  ).pipe(
    Effect.catchIf(
      (error) => errno(error.cause) === "ENOENT",
      () => Effect.succeed(Option.none<Uint8Array>())
    )
  )
)

/** Replaces the file as a whole. */
export const writePrivate = Effect.fn("PrivateFile.write")((path: string, bytes: Uint8Array | string) =>
  Effect.gen(function* () {
    const directory = dirname(path)
    yield* makePrivateDirectory(directory)
    yield* settleDirectories(directory)
    yield* removeStray(path)
    const temporary = join(directory, `${strayOf(path)}${randomBytes(6).toString("hex")}`)
    yield* Effect.acquireUseRelease(
      attempt(path, () => open(temporary, "wx", 0o600)),
      (handle) => attempt(path, () => handle.writeFile(bytes).then(() => handle.sync())),
      closeFile
    ).pipe(
      Effect.zipRight(attempt(path, () => rename(temporary, path))),
      Effect.onError(() => Effect.ignore(attempt(path, () => unlink(temporary))))
    )
    yield* syncDirectory(directory)
  }).pipe(Effect.uninterruptible)
)

/** Removes the file for good, and what killed writes of it left; where there is none, nothing happens. */
export const removePrivate = Effect.fn("PrivateFile.remove")((path: string) =>
  removeStray(path).pipe(
    Effect.zipRight(attempt(path, () => unlink(path))),
    Effect.zipRight(syncDirectory(dirname(path))),
    Effect.catchIf(
      (error) => errno(error.cause) === "ENOENT",
      () => Effect.void
    )
  )
)

/** Makes the directory and those above it where they are missing, 0700, and makes that durable. */
export const makePrivateDirectory = Effect.fn("PrivateFile.makeDirectory")(function* (path: string) {
  yield* attempt(path, async () => makeDirectories(path, 0o700))
})

/** As deep as anything of hx lies below what was there before: ~/.local/share/hx/keys. */
const DEEPEST = 4

/** A run that was killed may have made a directory, or those above it, and not got as far as making that durable. */
export const settleDirectories = Effect.fn("PrivateFile.settleDirectories")(function* (path: string) {
  let [directory, above] = [path, dirname(path)]
  for (let level = 0; level < DEEPEST && above !== directory; level++) {
    // What we may not read is not of our making.
    yield* Effect.catchIf(
      syncDirectory(above),
      ({ reason }) => reason === "Denied",
      () => Effect.void
    )
    ;[directory, above] = [above, dirname(above)]
  }
})

/** A rename or a new name is durable only when the directory is. */
export const syncDirectory = (path: string) =>
  Effect.acquireUseRelease(
    attempt(path, () => open(path, constants.O_RDONLY)),
    (handle) => attempt(path, () => handle.sync()),
    closeFile
  ).pipe(
    // Some file systems (network, FUSE) cannot sync a directory, and then there is nothing more to be had.
    Effect.catchIf(
      (error) => ["EINVAL", "ENOTSUP", "ENOSYS", "EISDIR", "EBADF"].includes(errno(error.cause) ?? ""),
      () => Effect.void
    )
  )

/** How the names of a file's temporary files begin. */
const strayOf = (path: string): string => `.~${basename(path)}.`

/** A write that was killed leaves its temporary file, with the secret in it. Whoever writes holds the device lock, so none is in use. */
const removeStray = (path: string) =>
  attempt(path, async () => {
    const names = await readdir(dirname(path))
    for (const name of names.filter((each) => each.startsWith(strayOf(path)))) await unlink(join(dirname(path), name))
  })

/** Whoever can write in the directory can put another file in the place of this one. */
const checkDirectory = Effect.fnUntraced(function* (path: string) {
  const directory = dirname(path)
  const exposure = yield* attempt(path, async () => closeToOthers(directory))
  if (exposure._tag === "Refused") {
    return yield* new PrivateFileError({ reason: "Exposed", path, remedy: `${exposure.detail}; run hx as its owner` })
  }
  if (exposure._tag === "WasOpen") yield* Effect.logWarning(exposure.detail)
})

const readChecked = Effect.fn(function* (path: string, handle: FileHandle) {
  const stat = yield* attempt(path, () => handle.stat())
  const problem = !stat.isFile()
    ? ("it is not a file" as const)
    : isForeign(stat)
      ? "it belongs to another user"
      : (stat.mode & 0o022) !== 0
        ? "other users may write it"
        : undefined
  if (problem !== undefined) {
    return yield* new PrivateFileError({
      reason: "Exposed",
      path,
      remedy: `${problem}; check what it says, then: chmod 600 ${path}`
    })
  }
  if (stat.size > MAX_BYTES)
    return yield* new PrivateFileError({ reason: "TooLarge", path, remedy: "this is no file of hx" })
  if ((stat.mode & 0o044) !== 0) {
    yield* Effect.logWarning(`${path} could be read by other users; its mode is now 0600`)
    yield* Effect.ignore(attempt(path, () => handle.chmod(0o600)))
  }
  return new Uint8Array(yield* attempt(path, () => handle.readFile()))
})

const attempt = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, PrivateFileError> =>
  Effect.tryPromise({ try: run, catch: (cause) => toError(path, cause) })

const toError = (path: string, cause: unknown): PrivateFileError => {
  switch (errno(cause)) {
    case "EACCES":
    case "EPERM":
      return new PrivateFileError({
        reason: "Denied",
        path,
        remedy: "make it readable and writable for yourself",
        cause
      })
    // Of a file, not of those above it: it was opened without following it.
    case "ELOOP":
      return new PrivateFileError({
        reason: "Exposed",
        path,
        remedy: `it is a symbolic link, which hx never makes; look where it leads, then: rm ${path}`,
        cause
      })
    case "ENOSPC":
    case "EDQUOT":
      return new PrivateFileError({
        reason: "NoSpace",
        path,
        remedy: "free some space and run the command again",
        cause
      })
    case "EIO":
      return new PrivateFileError({
        reason: "Failing",
        path,
        remedy: "check the disk (dmesg), then run the command again",
        cause
      })
    case "EROFS":
      return new PrivateFileError({ reason: "ReadOnly", path, remedy: "its file system is mounted read-only", cause })
    default:
      return new PrivateFileError({ reason: "Failed", path, remedy: String(cause), cause })
  }
}
