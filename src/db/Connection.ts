/**
 * The one connection to the database file, as the rest of src/db sees it: statements, write transactions, and a note that text was removed.
 */

import type { SqlClient } from "@effect/sql/SqlClient"
import { TransactionConnection } from "@effect/sql/SqlClient"
import type { Connection as SqlConnection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import { Context, Effect, Exit, Option, Scope } from "effect"
import { newerDetail } from "./DatabaseFile.ts"
import { DbError, dbError } from "./DbError.ts"
import { migrations } from "./Schema.ts"

export interface Connection {
  readonly sql: SqlClient
  readonly path: string
  /** Takes the write lock at once; nested calls join the outer one. A failure or interruption rolls back. */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbError, R>
  /** The same, but rolled back whatever comes of it. */
  readonly rehearse: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbError, R>
  /** Says that the running transaction removes text: once it is committed, the write-ahead log is emptied too. */
  readonly textRemoved: Effect.Effect<void>
}

export const makeConnection = (sql: SqlClient, path: string): Connection => {
  const failing = Effect.mapError(dbError(path))
  let removed = false

  const outermost = <A, E, R>(effect: Effect.Effect<A, E, R>, keep: boolean): Effect.Effect<A, E | DbError, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const connection = yield* restore(Scope.extend(sql.reserve, scope)).pipe(failing)
        return yield* within(connection, restore(effect), keep).pipe(Effect.ensuring(Scope.close(scope, Exit.void)))
      })
    )

  const within = <A, E, R>(
    connection: SqlConnection,
    effect: Effect.Effect<A, E, R>,
    keep: boolean
  ): Effect.Effect<A, E | DbError, R> => {
    const run = (statement: string) => connection.executeRaw(statement, []).pipe(failing)
    const state: TransactionState = { broken: false }
    const joined = Effect.mapInputContext(effect, (context: Context.Context<R>) =>
      context.pipe(Context.add(TransactionConnection, [connection, 0] as const), Context.add(CurrentTransaction, state))
    )
    // SQLite rolls back by itself after some failures (a full disk, say), and then there is nothing left to undo.
    const undo = Effect.ignore(run("ROLLBACK"))
    const commit = Effect.suspend(() => (state.broken ? Effect.fail(broken(path)) : run("COMMIT")))
    return run("BEGIN IMMEDIATE").pipe(
      Effect.zipRight(Effect.exit(Effect.zipRight(refuseNewer(connection, path), joined))),
      Effect.flatMap((exit) =>
        Exit.isFailure(exit) || !keep
          ? Effect.zipRight(undo, exit)
          : Effect.zipRight(
              Effect.tapError(commit, () => undo),
              exit
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
    rehearse: (effect) =>
      Effect.ensuring(
        outermost(effect, false),
        Effect.sync(() => {
          removed = false
        })
      ),
    transaction: (effect) =>
      Effect.flatMap(
        Effect.serviceOption(CurrentTransaction),
        Option.match({
          onNone: () => Effect.tap(outermost(effect, true), emptyLog),
          onSome: (state) =>
            Effect.onError(effect, () =>
              Effect.sync(() => {
                state.broken = true
              })
            )
        })
      )
  }
}

/** A newer hx may have changed the schema since this process opened the database; what it means by the tables now is not known here. */
const refuseNewer = (connection: SqlConnection, path: string) =>
  connection.executeValues("PRAGMA user_version", []).pipe(
    Effect.mapError(dbError(path)),
    Effect.flatMap(([row]) => {
      const version = Number(row?.[0] ?? 0)
      return version <= migrations.length
        ? Effect.void
        : Effect.fail(new DbError({ reason: "Newer", path, detail: newerDetail(version) }))
    })
  )

interface TransactionState {
  /** A part of it failed half-way, so that what is left may not be committed, whoever handled the failure. */
  broken: boolean
}

class CurrentTransaction extends Context.Tag("hx/db/CurrentTransaction")<CurrentTransaction, TransactionState>() {}

const broken = (path: string) =>
  new DbError({ reason: "Failed", path, detail: "a part of this transaction failed and was rolled back with the rest" })

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
