/** Writing in a folder store: whole or absent, and durable; the ETag that a write gives. */

import { Clock, Effect } from "effect"
import { randomBytes } from "node:crypto"
import type { BigIntStats } from "node:fs"
import { link, lstat, open, rename, unlink } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { closeFile } from "../platform/CloseFile.ts"
import { syncDirectory } from "../platform/PrivateFile.ts"
import { holdLock, temporaryOf } from "./FolderDirectories.ts"
import { attemptOn } from "./FolderErrors.ts"
import type { PutCondition } from "./ObjectStore.ts"
import { StoreError } from "./StoreError.ts"

export const etagOf = (stat: BigIntStats): string =>
  `${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}-${stat.ino.toString(36)}`

export const writeObject = (root: string, path: string, bytes: Uint8Array, condition: PutCondition) =>
  (condition._tag === "Create"
    ? createObject(root, path, bytes)
    : Effect.scoped(replaceObject(root, path, bytes, condition))
  ).pipe(
    // What stands in the way may be of a run that was killed before it was durable, and our caller may take it for done.
    Effect.tapError(({ reason }) =>
      reason === "AlreadyExists" || reason === "SwapLost" ? durable("put", dirname(path)) : Effect.void
    )
  )

const createObject = (root: string, path: string, bytes: Uint8Array) =>
  withTemporary(path, bytes, undefined, (temporary) =>
    attemptOn("put", path, () => link(temporary, path)).pipe(
      // File systems without hard links say so in many ways, and "no permission" is one of them.
      Effect.catchIf(
        (error) => error.reason !== "AlreadyExists" && error.reason !== "NoSpace",
        () => Effect.scoped(renameWhereNone(root, temporary, path))
      )
    )
  )

const renameWhereNone = Effect.fnUntraced(function* (root: string, temporary: string, path: string) {
  yield* holdLock("put", root)
  if ((yield* currentStat(path)) !== undefined) {
    return yield* new StoreError({ reason: "AlreadyExists", operation: "put", subject: path })
  }
  yield* attemptOn("put", path, () => rename(temporary, path))
})

const replaceObject = Effect.fnUntraced(function* (
  root: string,
  path: string,
  bytes: Uint8Array,
  condition: PutCondition
) {
  yield* holdLock("put", root)
  const current = yield* currentStat(path)
  if (condition._tag === "IfMatch" && (current === undefined || etagOf(current) !== condition.etag)) {
    return yield* new StoreError({ reason: "SwapLost", operation: "put", subject: path })
  }
  return yield* withTemporary(path, bytes, current, (temporary) =>
    attemptOn("put", path, () => rename(temporary, path))
  )
})

export const removeObject = (root: string, path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      if ((yield* currentStat(path)) === undefined) return
      yield* holdLock("delete", root)
      yield* attemptOn("delete", path, () => unlink(path))
      yield* durable("delete", dirname(path))
    })
  )

/** Writes a temporary file beside the path, lets `commit` give it its name, and makes that durable. Gives the ETag. */
const withTemporary = (
  path: string,
  bytes: Uint8Array,
  replaced: BigIntStats | undefined,
  commit: (temporary: string) => Effect.Effect<void, StoreError>
): Effect.Effect<string, StoreError> => {
  const temporary = join(dirname(path), `${temporaryOf(basename(path))}${randomBytes(8).toString("hex")}.tmp`)
  return Effect.gen(function* () {
    const etag = yield* writeTemporary(path, temporary, bytes, replaced)
    yield* commit(temporary)
    yield* durable("put", dirname(path))
    return etag
  }).pipe(
    Effect.ensuring(Effect.promise(() => unlink(temporary).catch(() => undefined))),
    // Short, and half a put is of no use to anybody.
    Effect.uninterruptible
  )
}

const writeTemporary = (path: string, temporary: string, bytes: Uint8Array, replaced: BigIntStats | undefined) =>
  Effect.acquireUseRelease(
    attemptOn("put", path, () => open(temporary, "wx", 0o600)),
    (handle) =>
      Effect.gen(function* () {
        const time = yield* laterThan(replaced)
        yield* attemptOn("put", path, async () => {
          await handle.writeFile(bytes)
          await handle.utimes(time, time)
          await handle.sync()
        })
        return etagOf(yield* attemptOn("put", path, () => handle.stat({ bigint: true })))
      }),
    closeFile
  )

/** Now, in seconds, but later than the file that is replaced: clocks go back, and file systems' clocks stand still for milliseconds. */
const laterThan = (replaced: BigIntStats | undefined): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeNanos, (now) => {
    const least = replaced === undefined ? now : replaced.mtimeNs + 2_000n
    return Number((now > least ? now : least) / 1_000n) / 1e6
  })

const currentStat = (path: string): Effect.Effect<BigIntStats | undefined, StoreError> =>
  attemptOn("put", path, () => lstat(path, { bigint: true })).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(undefined)
    )
  )

const durable = (operation: StoreError["operation"], directory: string) =>
  syncDirectory(directory).pipe(
    Effect.catchAll((error) => attemptOn(operation, directory, () => Promise.reject(error.cause)))
  )
