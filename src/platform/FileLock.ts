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
import { makePrivateDirectory } from "./PrivateFile.ts"

export class LockError extends Data.TaggedError("LockError")<{
  /** Busy: another process holds it. Denied: no permission or a read-only disk. Unsupported: this file system cannot lock. */
  readonly reason: "Busy" | "Denied" | "Unsupported"
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
    Effect.mapError((cause) => new LockError({ reason: "Denied", path, cause }))
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
        database.exec("BEGIN EXCLUSIVE")
        return database
      } catch (cause) {
        database.close()
        if (errno(cause)?.startsWith("SQLITE_BUSY") === true) return undefined
        throw cause
      }
    },
    catch: (cause) =>
      new LockError({
        reason: /CANTOPEN|READONLY|PERM|AUTH/.test(errno(cause) ?? "") ? "Denied" : "Unsupported",
        path,
        cause
      })
  })

/** SQLite would let others read it, and whoever can read it can hold it. Never opens a file that is there: see above. */
const createFor = (path: string): void => {
  try {
    closeSync(openSync(path, "wx", 0o600))
  } catch {
    // It is there; or it cannot be made, which SQLite says better.
  }
}
