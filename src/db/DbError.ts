/** What can be wrong with the local database. */

import { Data } from "effect"

export type DbErrorReason =
  | "Damaged" // not a database, or a page of it is malformed
  | "Newer" // written by a newer hx
  | "ReadOnly" // the file or its folder cannot be written
  | "Unreadable" // no permission, not a regular file
  | "Busy" // another process holds the lock for longer than the timeout
  | "Full" // disk full, quota, I/O error while writing
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
