/**
 * SQLite in memory, with as little between it and hx's code as can be: what src/db asks of a client, and no more. The client that hx runs on is fit for
 * any database, and takes several times as long for each statement, of which a simulation makes thousands.
 */

import { TransactionConnection, type SqlClient } from "@effect/sql/SqlClient"
import type { Connection as SqlConnection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import Database from "better-sqlite3"
import { Effect, Effectable, type Scope } from "effect"
import { type Connection, makeConnection } from "../../src/db/Connection.ts"

export interface Opened {
  readonly connection: Connection
  /** All its bytes, as a file would hold them. Not from within a transaction. */
  readonly image: () => Buffer
}

/** A database that begins as a copy of this image. */
export const openCopy = (image: Uint8Array): Effect.Effect<Opened, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Database(Buffer.from(image))),
      (database) => Effect.sync(() => database.close())
    ),
    (database) => ({ connection: makeConnection(clientOf(database), ":memory:"), image: () => database.serialize() })
  )

interface Asked {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown>
}

type Mode = "values" | "raw" | "rows"

type Run = (asked: Asked, mode: Mode) => Effect.Effect<ReadonlyArray<unknown>, SqlError>

class Piece {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

class Statement extends Effectable.Class<ReadonlyArray<unknown>, SqlError> {
  readonly asked: Asked
  readonly #run: Run

  constructor(run: Run, asked: Asked) {
    super()
    this.#run = run
    this.asked = asked
  }

  override commit() {
    return this.#run(this.asked, "rows")
  }

  get values() {
    return this.#run(this.asked, "values")
  }

  get raw() {
    return this.#run(this.asked, "raw")
  }
}

const clientOf = (database: Database.Database): SqlClient => {
  const prepared = new Map<string, Database.Statement>()
  const semaphore = Effect.unsafeMakeSemaphore(1)
  const perform = ({ parameters, text }: Asked, mode: Mode): Effect.Effect<ReadonlyArray<unknown>, SqlError> => {
    try {
      let statement = prepared.get(text)
      if (statement === undefined) prepared.set(text, (statement = database.prepare(text)))
      if (!statement.reader) {
        const result = statement.run(...parameters)
        return Effect.succeed(mode === "raw" ? (result as unknown as ReadonlyArray<unknown>) : [])
      }
      return Effect.succeed(
        mode === "rows" ? statement.raw(false).all(...parameters) : statement.raw(true).all(...parameters)
      )
    } catch (cause) {
      return Effect.fail(new SqlError({ cause, message: "Failed to execute statement" }))
    }
  }
  const within: Run = (asked, mode) => Effect.suspend(() => perform(asked, mode))
  /** What is not of the transaction that is open waits for its end. */
  const run: Run = (asked, mode) =>
    Effect.withFiberRuntime((fiber) =>
      fiber.currentContext.unsafeMap.has(TransactionConnection.key)
        ? perform(asked, mode)
        : semaphore.withPermits(1)(within(asked, mode))
    )
  const as = (mode: Mode) => (text: string, parameters: ReadonlyArray<unknown>) => within({ text, parameters }, mode)
  const connection = {
    executeRaw: as("raw"),
    executeValues: as("values"),
    execute: as("rows")
  } as unknown as SqlConnection
  const reserve = Effect.uninterruptibleMask((restore) =>
    restore(semaphore.take(1)).pipe(
      Effect.zipRight(Effect.addFinalizer(() => semaphore.release(1))),
      Effect.as(connection)
    )
  )
  const template = (pieces: TemplateStringsArray | string, ...given: ReadonlyArray<unknown>): unknown => {
    if (typeof pieces === "string") return new Piece(`"${pieces}"`)
    let text = pieces[0]!
    const parameters: Array<unknown> = []
    given.forEach((each, index) => {
      if (each instanceof Piece) text += each.text
      else if (each instanceof Statement) {
        text += each.asked.text
        parameters.push(...each.asked.parameters)
      } else {
        text += "?"
        parameters.push(each)
      }
      text += pieces[index + 1]!
    })
    return new Statement(run, { text, parameters })
  }
  return Object.assign(template, {
    reserve,
    and: (clauses: ReadonlyArray<Statement>) =>
      new Statement(run, {
        text: clauses.length === 0 ? "1=1" : `(${clauses.map(({ asked }) => asked.text).join(" AND ")})`,
        parameters: clauses.flatMap(({ asked }) => asked.parameters)
      }),
    literal: (text: string) => new Piece(text),
    unsafe: (text: string, parameters: ReadonlyArray<unknown> = []) => new Statement(run, { text, parameters })
  }) as unknown as SqlClient
}
