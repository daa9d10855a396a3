/** Whether the database file is sound, for `hx doctor`: nothing is made or migrated. */

import Database from "better-sqlite3"
import { Effect, Option } from "effect"
import { existsSync, statSync } from "node:fs"
import { inspect } from "./DatabaseFile.ts"
import { type DbError, fromSqlite } from "./DbError.ts"
import { migrations } from "./Schema.ts"

export interface Health {
  /** What SQLite's quick check has found wrong, in its own words; none in a sound file. */
  readonly damage: ReadonlyArray<string>
  /** Of the schema, and the newest that this hx knows. */
  readonly version: number
  readonly newest: number
  readonly bytes: number
  /** Of the write-ahead log, which is written back into the file when nobody needs it any more. */
  readonly logBytes: number
}

/** None where there is no database yet. Reads all of the file: about a second for a million entries. */
export const databaseHealth = Effect.fn("Health.read")(function* (
  path: string
): Effect.fn.Return<Option.Option<Health>, DbError> {
  if (!existsSync(path)) return Option.none()
  const { exists } = yield* inspect(path)
  if (!exists) return Option.none()
  return Option.some(yield* Effect.try({ try: () => examine(path), catch: (cause) => fromSqlite(path, cause) }))
})

/** Enough to see that there is damage. */
const MOST = 3

const examine = (path: string): Health => {
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const database = new Database(path, { fileMustExist: true })
  try {
    database.pragma("query_only = ON")
    const found = database.prepare<[], string>(`PRAGMA quick_check(${MOST})`).pluck().all()
    return {
      damage: found.filter((line) => line !== "ok"),
      version: Number(database.pragma("user_version", { simple: true })),
      newest: migrations.length,
      bytes: statSync(path).size,
      logBytes
    }
  } finally {
    database.close()
  }
}
