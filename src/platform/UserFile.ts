/**
 * Files that the user names on the command line: read as a stream, or written so that a file of that name is whole or as it was before.
 */

import { Chunk, Clock, Data, Duration, Effect, Option, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { constants } from "node:fs"
import { type FileHandle, lstat, open, readdir, rename, stat, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { closeFile } from "./CloseFile.ts"
import { errno } from "./Errno.ts"
import { syncDirectory } from "./PrivateFile.ts"

export class UserFileError extends Data.TaggedError("UserFileError")<{
  readonly reason: "Absent" | "NoDirectory" | "Denied" | "NotAFile" | "NoSpace" | "Failing" | "Failed"
  readonly path: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: ${this.path}`
  }
}

/** The error that an error of node is. */
export const userFileError = (path: string, cause: unknown): UserFileError =>
  new UserFileError({ reason: reasonOf(cause), path, cause })

const READ_SIZE = 1024 * 1024

/** The size in bytes; undefined for what has none beforehand (a pipe, a device). */
export const sizeOf = Effect.fn("UserFile.size")(function* (path: string) {
  const found = yield* attempt(path, () => stat(path))
  if (found.isDirectory()) return yield* new UserFileError({ reason: "NotAFile", path })
  return found.isFile() ? found.size : undefined
})

/** The file's bytes, in pieces of at most READ_SIZE that are not used again. */
export const readBytes = (path: string): Stream.Stream<Uint8Array, UserFileError> =>
  Stream.acquireRelease(
    attempt(path, () => open(path, constants.O_RDONLY)),
    closeFile
  ).pipe(
    Stream.flatMap((handle) =>
      Stream.repeatEffectChunkOption(
        attempt(path, () => handle.read(Buffer.allocUnsafe(READ_SIZE), 0, READ_SIZE)).pipe(
          Effect.mapError(Option.some),
          Effect.flatMap(({ buffer, bytesRead }) =>
            bytesRead === 0 ? Effect.fail(Option.none()) : Effect.succeed(Chunk.of(buffer.subarray(0, bytesRead)))
          )
        )
      )
    )
  )

/**
 * Writes all of the stream to the file and gives the number of bytes. A new file is the user's alone (0600). A file that exists is replaced
 * when the new one is whole and on the disk; a pipe or device is written to as it is.
 */
export const writeBytes = Effect.fn("UserFile.write")(function* <E, R>(
  path: string,
  bytes: Stream.Stream<Uint8Array, E, R>
) {
  const found = yield* Effect.option(attempt(path, () => stat(path)))
  if (Option.exists(found, (stats) => stats.isDirectory()))
    return yield* new UserFileError({ reason: "NotAFile", path })
  if (Option.exists(found, (stats) => !stats.isFile())) return yield* writeAll(path, path, "w", bytes)
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.part`)
  const mode = Option.match(found, { onNone: () => 0o600, onSome: (stats) => stats.mode & 0o777 })
  if (Option.isNone(found)) yield* requireDirectory(dirname(path))
  yield* removeStray(path)
  return yield* writeAll(path, temporary, "wx", bytes, mode).pipe(
    Effect.tap(() => attempt(path, () => rename(temporary, path))),
    Effect.onError(() => Effect.ignore(attempt(path, () => unlink(temporary)))),
    Effect.tap(() => Effect.mapError(syncDirectory(dirname(path)), ({ cause }) => userFileError(path, cause)))
  )
})

const STRAY_AFTER = Duration.hours(1)

/** What killed writes of this file left, with everything in it; one that is under way has just been written to. */
const removeStray = Effect.fnUntraced(function* (path: string) {
  const now = yield* Clock.currentTimeMillis
  const isStray = (name: string) =>
    name.startsWith(`.${basename(path)}.`) && /^[0-9a-f]{12}\.part$/.test(name.slice(basename(path).length + 2))
  // A directory that may be written but not read is no reason not to write.
  yield* Effect.promise(async () => {
    const names = await readdir(dirname(path)).catch((): ReadonlyArray<string> => [])
    for (const name of names.filter(isStray)) {
      const stray = join(dirname(path), name)
      const found = await lstat(stray).catch(() => undefined)
      if (found !== undefined && now - found.mtimeMs > Duration.toMillis(STRAY_AFTER)) {
        await unlink(stray).catch(() => undefined)
      }
    }
  })
})

const requireDirectory = (path: string) =>
  attempt(path, () => stat(path)).pipe(
    Effect.filterOrFail(
      (found) => found.isDirectory(),
      () => new UserFileError({ reason: "NoDirectory", path })
    ),
    Effect.mapError((error) =>
      error.reason === "Absent" ? new UserFileError({ reason: "NoDirectory", path, cause: error }) : error
    )
  )

const writeAll = <E, R>(
  path: string,
  target: string,
  flags: "w" | "wx",
  bytes: Stream.Stream<Uint8Array, E, R>,
  mode = 0o600
) =>
  Effect.acquireUseRelease(
    attempt(path, () => open(target, flags, mode)),
    (handle) =>
      Stream.runFoldEffect(bytes, 0, (written, piece) =>
        Effect.as(
          attempt(path, () => writeWhole(handle, piece)),
          written + piece.length
        )
      ).pipe(Effect.zipLeft(flags === "wx" ? attempt(path, () => handle.sync()) : Effect.void)),
    closeFile
  )

const writeWhole = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten
}

const attempt = <A>(path: string, action: () => Promise<A>): Effect.Effect<A, UserFileError> =>
  Effect.tryPromise({ try: action, catch: (cause) => userFileError(path, cause) })

const reasonOf = (cause: unknown): UserFileError["reason"] => {
  switch (errno(cause)) {
    case "ENOENT":
    case "ENOTDIR":
      return "Absent"
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "Denied"
    case "EISDIR":
      return "NotAFile"
    case "ENOSPC":
    case "EDQUOT":
      return "NoSpace"
    case "EIO":
      return "Failing"
    default:
      return "Failed"
  }
}
