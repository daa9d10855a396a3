/** What can be wrong with the local database. */

import type { SqlError } from "@effect/sql/SqlError"
import { Data } from "effect"
import { dirname } from "node:path"
import { errno } from "../platform/Errno.ts"
import { hasRoom } from "../platform/FileSystems.ts"

export type DbErrorReason =
  | "Damaged" // not a database, or a page of it is malformed
  | "Newer" // written by a newer hx
  | "ReadOnly" // the file or its folder cannot be written
  | "Unreadable" // no permission, not a regular file
  | "Exposed" // others can change what would be trusted
  | "NoPlace" // its directory is not there and cannot be made
  | "Busy" // another process holds the lock for longer than the timeout
  | "Full" // disk full, quota
  | "Failing" // the disk does not do as it is told
  | "Failed" // anything else SQLite reports: a bug of ours

export class DbError extends Data.TaggedError("DbError")<{
  readonly reason: DbErrorReason
  /** The file. */
  readonly path: string
  /** SQLite's own words. */
  readonly detail: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.reason}: ${this.path}: ${this.detail}`
  }
}

/** What SQLite reported, as one of our reasons. */
export const dbError =
  (path: string) =>
  (error: SqlError | DbError): DbError =>
    error._tag === "DbError" ? error : fromSqlite(path, error.cause)

/** The same for what better-sqlite3 threw. */
export const fromSqlite = (path: string, cause: unknown): DbError =>
  new DbError({
    reason: reasonAt(path, codeOf(cause)),
    path,
    detail: cause instanceof Error ? cause.message : String(cause),
    cause
  })

const codeOf = (cause: unknown): string => errno(cause) ?? ""

/**
 * A full disk also shows as one that cannot sync, cannot map the index of the write-ahead log or cannot open the log, and a quota that is used up as one
 * that cannot write; and then it should be called by its name.
 */
const reasonAt = (path: string, code: string): DbErrorReason => {
  const reason = reasonOf(code)
  return (reason === "Failing" || code.startsWith("SQLITE_CANTOPEN")) && !hasRoom(dirname(path)) ? "Full" : reason
}

/** Of the file with the index of the write-ahead log, in what SQLite reported. */
export const isErrorOfIndex = (cause: unknown): boolean => codeOf(cause).startsWith("SQLITE_IOERR_SHM")

/** Codes are SQLite's extended ones (SQLITE_IOERR_WRITE, say), or errno names. */
const reasonOf = (code: string): DbErrorReason => REASONS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "Failed"

const REASONS: ReadonlyArray<readonly [string, DbErrorReason]> = [
  ["SQLITE_CORRUPT", "Damaged"],
  ["SQLITE_NOTADB", "Damaged"],
  ["SQLITE_READONLY", "ReadOnly"],
  ["SQLITE_CANTOPEN", "Unreadable"],
  ["SQLITE_PERM", "Unreadable"],
  ["SQLITE_AUTH", "Unreadable"],
  ["SQLITE_BUSY", "Busy"],
  ["SQLITE_LOCKED", "Busy"],
  ["SQLITE_FULL", "Full"],
  ["SQLITE_IOERR", "Failing"],
  ["EACCES", "Unreadable"],
  ["EPERM", "Unreadable"],
  ["EISDIR", "Unreadable"],
  ["ENOTDIR", "Unreadable"],
  ["ELOOP", "Unreadable"],
  ["EROFS", "ReadOnly"],
  ["ENOSPC", "Full"],
  ["EDQUOT", "Full"],
  ["EIO", "Failing"]
]
