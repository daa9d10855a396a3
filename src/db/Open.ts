/** Opening the database: the connection, its pragmas, its migrations. */

import * as Reactivity from "@effect/experimental/Reactivity"
import * as Sqlite from "@effect/sql-sqlite-node/SqliteClient"
import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, ExecutionStrategy, Exit, Scope } from "effect"
import { Entropy } from "../platform/Entropy.ts"
import { type Connection, makeConnection, scalar } from "./Connection.ts"
import { type DatabaseFile, inspect, newerDetail } from "./DatabaseFile.ts"
import { DbError, dbError, fromSqlite, isErrorOfIndex } from "./DbError.ts"
import { intern } from "./Dictionary.ts"
import { APPLICATION_ID, migrations } from "./Schema.ts"
import { setDeviceId } from "./ThisDevice.ts"
import type { DeviceId } from "../domain/Device.ts"

export const openFile = Effect.fn("HistoryDb.open")(function* (
  path: string
): Effect.fn.Return<Connection, DbError, Entropy | Scope.Scope> {
  return yield* open(path, yield* inspect(path))
})

export const openMemory: Effect.Effect<Connection, DbError, Entropy | Scope.Scope> = open(":memory:", {
  exists: false,
  writeAhead: true,
  onNetwork: true
})

/** All bytes of a database, as its file would hold them; for simulations. Not from within a transaction. */
export const imageOf = (connection: Connection): Effect.Effect<Uint8Array, DbError> =>
  Effect.mapError((connection.sql as Sqlite.SqliteClient).export, dbError(connection.path))

/**
 * Where the disk has no room for the index of the write-ahead log, 32 KiB in a file that processes share, what is there can be read all the same: who has
 * the database to himself keeps the index in memory. Another process waits meanwhile. https://www.sqlite.org/wal.html, section 8.
 */
function open(path: string, file: DatabaseFile): Effect.Effect<Connection, DbError, Entropy | Scope.Scope> {
  return Effect.suspend(() => opened(path, file, PRAGMAS)).pipe(
    Effect.catchIf(
      ({ cause }) => isErrorOfIndex(cause),
      () => opened(path, file, ["locking_mode = EXCLUSIVE", ...PRAGMAS])
    )
  )
}

/** What did not open is closed again. */
function opened(path: string, file: DatabaseFile, pragmas: ReadonlyArray<string>) {
  return Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    return yield* client(path).pipe(
      Effect.map((sql) => makeConnection(sql, path)),
      Effect.tap((connection) => prepare(connection, file, pragmas).pipe(Effect.mapError(dbError(path)))),
      Scope.extend(scope),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
  })
}

/** The client dies where the file does not open: that is an error like any other. */
const client = (path: string): Effect.Effect<SqlClient, DbError, Scope.Scope> =>
  Sqlite.make({ filename: path, disableWAL: true }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.catchAllDefect((cause) => Effect.fail(fromSqlite(path, cause)))
  )

const prepare = Effect.fnUntraced(function* (
  connection: Connection,
  file: DatabaseFile,
  pragmas: ReadonlyArray<string>
) {
  const { sql } = connection
  for (const pragma of pragmas) yield* sql.unsafe(`PRAGMA ${pragma}`)
  const version = (yield* scalar<number>(sql`PRAGMA user_version`)) ?? 0
  if (version < migrations.length) yield* connection.transaction(migrate(connection))
  if (version > migrations.length) {
    return yield* new DbError({ reason: "Newer", path: connection.path, detail: newerDetail(version) })
  }
  // Only now: a database that is created in one go under a rollback journal is there as a whole or not at all.
  if (file.onNetwork === file.writeAhead || (!file.exists && !file.onNetwork)) {
    yield* sql.unsafe(`PRAGMA journal_mode = ${file.onNetwork ? "DELETE" : "WAL"}`)
  }
})

/** What a connection has to be told each time. The busy timeout of 5 s is better-sqlite3's own default. */
const PRAGMAS = [
  "synchronous = FULL",
  "secure_delete = ON",
  "temp_store = MEMORY",
  // KiB. Four times as much makes an import of a million entries no faster, and push and pull would need more than 300 MB.
  "cache_size = -16384"
]

/** Another process may have got here first: the version is read again under the lock. */
const migrate = Effect.fnUntraced(function* (connection: Connection) {
  const { sql } = connection
  const version = (yield* scalar<number>(sql`PRAGMA user_version`)) ?? 0
  for (const statement of migrations.slice(version).flat()) yield* sql.unsafe(statement)
  if (version === 0) {
    yield* sql.unsafe(`PRAGMA application_id = ${APPLICATION_ID}`)
    yield* intern(connection, "terms", new Set(["live"]))
    yield* setDeviceId(connection, (yield* Entropy.hex(16)) as DeviceId)
  }
  yield* sql.unsafe(`PRAGMA user_version = ${migrations.length}`)
})
