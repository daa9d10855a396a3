/**
 * What can be told about a database file without SQLite, so that what is not ours, or is broken, is never opened: opening alone would leave
 * journal files beside it. Offsets are those of https://www.sqlite.org/fileformat.html, section 1.3.
 */

import { Effect } from "effect"
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { errno } from "../platform/Errno.ts"
import { closeToOthers, closeUnlinked, type Exposure } from "../platform/Exposure.ts"
import { fileSystemSync } from "../platform/FileSystems.ts"
import { makeDirectories } from "../platform/MakeDirectories.ts"
import { DbError, fromSqlite } from "./DbError.ts"
import { APPLICATION_ID, migrations } from "./Schema.ts"

export interface DatabaseFile {
  /** There is a schema in it; otherwise it is empty. */
  readonly exists: boolean
  /** It keeps a write-ahead log. */
  readonly writeAhead: boolean
  /** Several machines may have it mounted, which a write-ahead log in shared memory does not survive. */
  readonly onNetwork: boolean
}

/**
 * Looks at the file and refuses what cannot be used; where there is none, makes an empty one, 0600 in a 0700 folder. What others could change is
 * closed to them, and told.
 */
export const inspect = Effect.fn("DatabaseFile.inspect")(function* (
  path: string
): Effect.fn.Return<DatabaseFile, DbError> {
  const warnings: Array<string> = []
  const found = yield* Effect.try({
    try: () => {
      for (const exposure of exposures(path)) {
        if (exposure._tag === "Refused") throw new DbError({ reason: "Exposed", path, detail: exposure.detail })
        if (exposure._tag === "WasOpen") warnings.push(exposure.detail)
      }
      return look(path)
    },
    catch: (cause) => (cause instanceof DbError ? cause : fromSqlite(path, cause))
  })
  yield* Effect.forEach(warnings, (warning) => Effect.logWarning(warning), { discard: true })
  return found
})

/** Files that SQLite takes for its own stand beside what a link leads to; whoever can write in the directory can plant them. */
function* exposures(path: string): Generator<Exposure> {
  const real = realPath(path)
  yield closeToOthers(dirname(path))
  if (dirname(real) !== dirname(path)) yield closeToOthers(dirname(real))
  yield closeToOthers(real)
  for (const suffix of ["-journal", "-wal", "-shm"]) yield closeUnlinked(`${real}${suffix}`)
}

/** Without a file, or where nothing can be looked at, the path itself: opening it says why. */
const realPath = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const look = (path: string): DatabaseFile => {
  const handle = openOrCreate(path)
  try {
    const { size } = fstatSync(handle)
    const onNetwork = fileSystemSync(path).network
    // A journal means that the last writer was cut off: SQLite mends the file from it, and only then can the header be believed.
    if (size === 0 || sizeOf(`${path}-journal`) > 0) return { exists: size > 0, writeAhead: false, onNetwork }
    const header = Buffer.alloc(HEADER)
    readSync(handle, header, 0, HEADER, 0)
    refuse(path, header, size)
    return { exists: true, writeAhead: header[18] === 2, onNetwork }
  } finally {
    closeSync(handle)
  }
}

const openOrCreate = (path: string): number => {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new DbError({ reason: "Unreadable", path, detail: "it is not a regular file" })
  } catch (cause) {
    if (errno(cause) !== "ENOENT") throw placeless(dirname(path), cause)
    makeDataDirectory(dirname(path))
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  }
  try {
    return openSync(path, constants.O_RDWR)
  } catch (cause) {
    // What may be read but not written is a matter of its own; SQLite would open it, and fail at the first write.
    if (errno(cause) === "EACCES" && isReadable(path)) {
      throw new DbError({ reason: "ReadOnly", path, detail: "it may be read but not written", cause })
    }
    throw cause
  }
}

/** SQLite makes names in the data directory durable, but not the name of that directory: without it a power failure takes everything. */
const makeDataDirectory = (path: string): void => {
  try {
    makeDirectories(path, 0o700)
  } catch (cause) {
    throw placeless(path, cause)
  }
}

const placeless = (path: string, cause: unknown): unknown => {
  const detail = PLACELESS.get(errno(cause) ?? "")
  return detail === undefined ? cause : new DbError({ reason: "NoPlace", path, detail, cause })
}

const PLACELESS: ReadonlyMap<string, string> = new Map([
  // Though what is above it is there: a file system where nothing can be made, as /proc.
  ["ENOENT", "nothing can be made there"],
  ["ENOTDIR", "a file stands where a directory should"],
  ["EEXIST", "a file stands where a directory should"],
  ["ENAMETOOLONG", "the path is too long"],
  ["ELOOP", "its symbolic links lead in a circle"]
])

const isReadable = (path: string): boolean => {
  try {
    closeSync(openSync(path, constants.O_RDONLY))
    return true
  } catch {
    return false
  }
}

const HEADER = 100
const MAGIC = "SQLite format 3\0"

const refuse = (path: string, header: Buffer, size: number): void => {
  const fail = (reason: DbError["reason"], detail: string) => {
    throw new DbError({ reason, path, detail })
  }
  if (header.toString("latin1", 0, 16) !== MAGIC) fail("Damaged", "it is not a SQLite database")
  if (header.readUInt32BE(68) !== APPLICATION_ID) fail("Damaged", "it is a SQLite database, but not one of hx")
  const version = header.readUInt32BE(60)
  if (version > migrations.length) fail("Newer", newerDetail(version))
  const pageSize = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16)
  // The size in the header holds when it was written with the last change; pages still in the log are not missing.
  const sizeHolds = header.readUInt32BE(24) === header.readUInt32BE(92) && sizeOf(`${path}-wal`) === 0
  if (sizeHolds && size < header.readUInt32BE(28) * pageSize) fail("Damaged", "its end is missing")
}

export const newerDetail = (version: number): string =>
  `it has version ${version}, and this hx knows ${migrations.length} at most`

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}
