/**
 * The one connection to the database file, as the rest of src/db sees it: statements, write transactions, and a note that text was removed.
 */

import type { SqlClient } from "@effect/sql/SqlClient"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { Connection as SqlConnection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import { Context, Effect, Exit, Option, Scope } from "effect"
import { type DbError, dbError } from "./DbError.ts"

export interface Connection {
  readonly sql: SqlClient
  readonly path: string
  /** Takes the write lock at once; nested calls become savepoints of the outer one. A failure or interruption rolls back. */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbError, R>
  /** Says that the running transaction removes text: once it is committed, the write-ahead log is emptied too. */
  readonly textRemoved: Effect.Effect<void>
}

export const makeConnection = (sql: SqlClient, path: string): Connection => {
  let removed = false

  const outermost = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | DbError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const connection = yield* restore(Scope.extend(sql.reserve, scope)).pipe(Effect.mapError(dbError(path)))
        return yield* within(connection, 0, restore(effect)).pipe(Effect.ensuring(Scope.close(scope, Exit.void)))
      })
    )

  const within = <A, E, R>(
    connection: SqlConnection,
    depth: number,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | DbError, R> => {
    const run = (statement: string) =>
      Effect.mapError(connection.executeRaw(statement, []), dbError(path)) as Effect.Effect<unknown, DbError>
    const undo = run(depth === 0 ? "ROLLBACK" : `ROLLBACK TO hx_${depth}`)
    return run(depth === 0 ? "BEGIN IMMEDIATE" : `SAVEPOINT hx_${depth}`).pipe(
      Effect.zipRight(
        Effect.exit(
          Effect.mapInputContext(effect, (context: Context.Context<R>) =>
            Context.add(context, TransactionConnection, [connection, depth] as const)
          )
        )
      ),
      Effect.flatMap((exit) =>
        // SQLite rolls back by itself after some failures (a full disk, say), and then there is nothing left to undo.
        Exit.isFailure(exit)
          ? Effect.zipRight(Effect.ignore(undo), exit)
          : run(depth === 0 ? "COMMIT" : `RELEASE hx_${depth}`).pipe(
              Effect.tapError(() => Effect.ignore(undo)),
              Effect.zipRight(exit)
            )
      )
    )
  }

  /** A reader in another process may keep the log from being emptied now; then the next checkpoint does it. */
  const emptyLog = Effect.suspend(() => {
    if (!removed) return Effect.void
    removed = false
    return Effect.ignore(sql`PRAGMA wal_checkpoint(TRUNCATE)`)
  })

  return {
    sql,
    path,
    textRemoved: Effect.sync(() => {
      removed = true
    }),
    transaction: (effect) =>
      Effect.flatMap(
        Effect.serviceOption(TransactionConnection),
        Option.match({
          onNone: () => Effect.tap(outermost(effect), emptyLog),
          onSome: ([connection, depth]) =>
            Effect.uninterruptibleMask((restore) => within(connection, depth + 1, restore(effect)))
        })
      )
  }
}

/** A statement's rows as arrays, in the order of its columns: half the cost of objects. */
export const rows = <Row extends ReadonlyArray<unknown>>(
  statement: Statement<unknown>
): Effect.Effect<ReadonlyArray<Row>, SqlError> => statement.values as Effect.Effect<ReadonlyArray<Row>, SqlError>

/** The first column of the first row. */
export const scalar = <A>(statement: Statement<unknown>): Effect.Effect<A | undefined, SqlError> =>
  Effect.map(rows<readonly [A]>(statement), (found) => found[0]?.[0])

/** Runs a statement and gives the number of rows it changed. */
export const changes = (statement: Statement<unknown>): Effect.Effect<number, SqlError> =>
  Effect.map(statement.raw, (result) => (result as { readonly changes: number }).changes)
