/**
 * A store in a folder: on this disk, a mounted one, or one that Syncthing or the like carries to other machines.
 *
 * - A put is whole or absent, and durable: a temporary file in the same directory, write, fsync, rename (or link, which fails where there is one,
 *   for create-only puts), fsync of the directory. Missing directories are made by puts alone, 0700; files are 0600.
 * - What replaces or deletes holds the folder's lock (FileLock), so that comparing the ETag and renaming are one step on this machine. Between
 *   machines a shared folder gives no such thing: there conflict copies appear, which are listed like any other object.
 * - An ETag is size, modification time (ns) and inode. A file that replaces another always gets a later time than it, so no ETag comes back.
 * - Temporary files and the lock begin with ".~hx", which no object's name does; those of killed runs are removed by a put an hour or more later.
 * - The folder itself may be a symbolic link; below it none is followed.
 */

import { Effect, Stream } from "effect"
import { constants } from "node:fs"
import { type FileHandle, lstat, open, readdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { closeFile } from "../platform/CloseFile.ts"
import { syncDirectory } from "../platform/PrivateFile.ts"
import {
  absentAs,
  makeDirectory,
  OWN,
  refuseLinks,
  removeStray,
  removeTemporary,
  requireRoot,
  settleAbove
} from "./FolderDirectories.ts"
import { attemptOn } from "./FolderErrors.ts"
import { etagOf, removeObject, writeObject } from "./FolderWriting.ts"
import { checkName, isObjectName, isReadableName } from "./ObjectName.ts"
import { AssumedCapabilities, type ObjectInfo, type ObjectStoreService, type Restoration } from "./ObjectStore.ts"
import { StoreError } from "./StoreError.ts"

export const makeFolderStore = (root: string): ObjectStoreService => {
  const tidied = new Set<string>()
  return {
    display: `folder:${root}`,
    // Both are kept by this module itself, whatever the file system.
    capabilities: AssumedCapabilities,
    list: (prefix) => listFolder(root, prefix),
    get: Effect.fn("FolderStore.get")(function* (name, maxBytes) {
      yield* checkName("get", name, isReadableName)
      yield* refuseLinks("get", root, name)
      return yield* readObject(join(root, name), maxBytes)
    }),
    put: Effect.fn("FolderStore.put")(function* (name, bytes, { condition, onProgress }) {
      yield* checkName("put", name, isObjectName)
      // Only what founds a store makes its folder: a segment must not land where a disk is meant to be mounted.
      if (condition._tag === "IfMatch" || name.includes("/")) yield* requireRoot("put", root)
      const directory = dirname(join(root, name))
      yield* makeDirectory(root, name)
      if (!tidied.has(directory)) {
        yield* settleAbove(directory)
        yield* removeStray(directory)
        tidied.add(directory)
      }
      const etag = yield* writeObject(root, join(root, name), bytes, condition)
      onProgress?.(bytes.length)
      return { etag }
    }),
    delete: Effect.fn("FolderStore.delete")(function* (name) {
      yield* checkName("delete", name, isReadableName)
      yield* refuseLinks("delete", root, name)
      yield* removeObject(root, join(root, name)).pipe(absentAs(undefined))
      return { versionsLeft: false }
    }),
    abortMultipart: () => Effect.void,
    purge: Effect.fn("FolderStore.purge")((prefix) =>
      Effect.map(removeTemporary(root, prefix), (deleted) => ({ deleted, left: 0 }))
    ),
    restore: Effect.fn("FolderStore.restore")(function* (name) {
      yield* checkName("restore", name, isReadableName)
      yield* refuseLinks("restore", root, name)
      const there = yield* attemptOn("restore", join(root, name), () => lstat(join(root, name)))
      if (there.isFile()) return "Readable" satisfies Restoration as Restoration
      return yield* new StoreError({ reason: "Absent", operation: "restore", subject: join(root, name) })
    })
  }
}

/** Others' temporary files, while they carry the folder elsewhere. */
const FOREIGN = /^(\.syncthing\.|~syncthing~|\.~lock\.|\.dropbox\.cache$)/
const STAT_BATCH = 256

const readObject = (path: string, maxBytes: number) =>
  Effect.acquireUseRelease(
    attemptOn("get", path, () => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)),
    (handle) => readChecked(path, handle, maxBytes),
    closeFile
  )

const readChecked = Effect.fnUntraced(function* (path: string, handle: FileHandle, maxBytes: number) {
  const before = yield* attemptOn("get", path, () => handle.stat({ bigint: true }))
  if (!before.isFile()) return yield* new StoreError({ reason: "Absent", operation: "get", subject: path })
  if (before.size > maxBytes) {
    const detail = `${before.size} bytes, at most ${maxBytes} expected`
    return yield* new StoreError({ reason: "TooLarge", operation: "get", subject: path, detail })
  }
  const buffer = Buffer.allocUnsafeSlow(Number(before.size))
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = yield* attemptOn("get", path, () => handle.read(buffer, length, buffer.length - length))
    if (bytesRead === 0) break
    length += bytesRead
  }
  const after = yield* attemptOn("get", path, () => handle.stat({ bigint: true }))
  if (length !== buffer.length || etagOf(after) !== etagOf(before)) {
    const detail = "it changed while it was read"
    return yield* new StoreError({ reason: "ServerFailure", operation: "get", subject: path, detail })
  }
  return { bytes: new Uint8Array(buffer.buffer, buffer.byteOffset, length), etag: etagOf(before) }
})

const listFolder = (root: string, prefix: string): Stream.Stream<ObjectInfo, StoreError> => {
  const below = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")))
  return Stream.unwrap(
    Effect.gen(function* () {
      if (below !== "") yield* checkName("list", below, isReadableName)
      yield* requireRoot("list", root)
      const names = (yield* walk(root, below)).filter((name) => name.startsWith(prefix)).sort(byName)
      return Stream.fromIterable(names).pipe(
        Stream.grouped(STAT_BATCH),
        Stream.mapEffect((batch) => Effect.forEach(batch, (name) => describe(root, name), { concurrency: 16 })),
        Stream.flattenIterables,
        Stream.filter((info) => info !== undefined)
      )
    }).pipe(Effect.withSpan("FolderStore.list"))
  )
}

/** By UTF-16 units, which for the ASCII of our own names is the order of bytes, as on S3. */
const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The names of all files below a directory of the store; a directory that is not there has none. */
const walk = (root: string, below: string): Effect.Effect<ReadonlyArray<string>, StoreError> =>
  Effect.gen(function* () {
    const directory = join(root, below)
    yield* refuseLinks("list", root, below === "" ? "" : `${below}/`)
    const entries = yield* attemptOn("list", directory, () => readdir(directory, { withFileTypes: true }))
    // What a list names is durable, as in a bucket: a run that was killed may have got as far as the name, and no further.
    yield* Effect.ignore(syncDirectory(directory))
    const names: Array<string> = []
    for (const entry of entries) {
      if (entry.name.startsWith(OWN) || FOREIGN.test(entry.name) || !isReadableName(entry.name)) continue
      const name = below === "" ? entry.name : `${below}/${entry.name}`
      if (entry.isFile()) names.push(name)
      else if (entry.isDirectory()) for (const inner of yield* walk(root, name)) names.push(inner)
    }
    return names
  }).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent" && below !== "",
      () => Effect.succeed([])
    )
  )

/** Undefined where the file has gone since the directory was read. */
const describe = (root: string, name: string): Effect.Effect<ObjectInfo | undefined, StoreError> =>
  attemptOn("list", join(root, name), () => lstat(join(root, name), { bigint: true })).pipe(
    Effect.map((stat) =>
      stat.isFile()
        ? { name, etag: etagOf(stat), size: Number(stat.size), modified: Number(stat.mtimeNs / 1000n) }
        : undefined
    ),
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(undefined)
    )
  )
