/**
 * A lock that the kernel holds: it dies with the process, however that dies, so no lock file is ever stale.
 *
 * Node has no flock(2). SQLite locks its database file with fcntl(2), so the lock is an exclusive transaction on an empty database that
 * nothing is ever written to. It excludes other connections of the same process too. Nothing else may open the lock file: closing any
 * descriptor of it would let go of an fcntl lock.
 */

import Database from "better-sqlite3"
import { Clock, Data, Duration, Effect, type Scope } from "effect"
import { closeSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { errno } from "./Errno.ts"
import { hasRoom } from "./FileSystems.ts"
import { makePrivateDirectory } from "./PrivateFile.ts"

export class LockError extends Data.TaggedError("LockError")<{
  /** Busy: another process holds it. Denied: no permission or a read-only disk. Unsupported: this file system cannot lock. The others: the disk. */
  readonly reason: "Busy" | "Denied" | "NoSpace" | "Failing" | "Unsupported"
  readonly path: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: lock ${this.path}`
  }
}

/** How often a waiting process looks again. */
const POLL = Duration.millis(25)

/** Holds the lock until the scope closes; fails with Busy where it is not free within `wait` (zero: one attempt). */
export const acquireLock = (path: string, wait: Duration.DurationInput): Effect.Effect<void, LockError, Scope.Scope> =>
  Effect.acquireRelease(open(path, Duration.toMillis(wait)), (database) => Effect.sync(() => database.close())).pipe(
    Effect.asVoid,
    Effect.withSpan("FileLock.acquire")
  )

const open = Effect.fnUntraced(function* (path: string, wait: number) {
  yield* makePrivateDirectory(dirname(path)).pipe(
    Effect.mapError((error) => new LockError({ reason: reasonOf(path, error.cause), path, cause: error }))
  )
  const deadline = (yield* Clock.currentTimeMillis) + wait
  while (true) {
    const database = yield* tryLock(path)
    if (database !== undefined) return database
    if ((yield* Clock.currentTimeMillis) >= deadline) return yield* new LockError({ reason: "Busy", path })
    yield* Effect.interruptible(Effect.sleep(POLL))
  }
})

/** The connection that holds the lock, or undefined while somebody else does. */
const tryLock = (path: string): Effect.Effect<Database.Database | undefined, LockError> =>
  Effect.try({
    try: () => {
      createFor(path)
      const database = new Database(path, { timeout: 0 })
      try {
        // Nothing is written, so there is nothing to write a journal for: a full disk can be locked too.
        database.pragma("journal_mode = MEMORY")
        database.exec("BEGIN EXCLUSIVE")
        return database
      } catch (cause) {
        database.close()
        if (errno(cause)?.startsWith("SQLITE_BUSY") === true) return undefined
        throw cause
      }
    },
    catch: (cause) => new LockError({ reason: reasonOf(path, cause), path, cause })
  })

/** Of an errno, or of SQLite's codes, which do not tell a full disk from one that denies or fails. */
const reasonOf = (path: string, cause: unknown): LockError["reason"] => {
  const code = errno(cause) ?? ""
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)/.test(code)) return "NoSpace"
  const full = /^SQLITE_(CANTOPEN|IOERR)/.test(code) && !hasRoom(dirname(path))
  if (full) return "NoSpace"
  if (/^(EIO|SQLITE_IOERR)/.test(code) && !/LOCK/.test(code)) return "Failing"
  return /^E|CANTOPEN|READONLY|PERM|AUTH/.test(code) ? "Denied" : "Unsupported"
}

/** SQLite would let others read it, and whoever can read it can hold it. Never opens a file that is there: see above. */
const createFor = (path: string): void => {
  try {
    closeSync(openSync(path, "wx", 0o600))
  } catch (cause) {
    if (errno(cause) !== "EEXIST") throw cause
  }
}
