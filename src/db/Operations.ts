/** Rows of this device's log. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { identityOf, type Operation } from "../domain/Operation.ts"
import { type Connection, scalar } from "./Connection.ts"
import { intern } from "./Dictionary.ts"
import { KIND } from "./Schema.ts"
import { deviceId } from "./ThisDevice.ts"

/** The number of the last operation. */
export const endOfLog = ({ sql }: Connection) =>
  Effect.map(scalar<number | null>(sql`SELECT max(number) FROM operations`), (end) => end ?? 0)

/** Appends an operation that has a body of its own. */
export const append = Effect.fnUntraced(function* (
  connection: Connection,
  operation: Operation & { readonly kind: "finish" | "forget" },
  body: string,
  entry: number | null
): Effect.fn.Return<void, SqlError> {
  const end = yield* endOfLog(connection)
  yield* connection.sql`
    INSERT INTO operations (number, kind, entry, identity, body)
    VALUES (${end + 1}, ${KIND[operation.kind]}, ${entry}, unhex(${identityOf(operation)}), ${body})`
})

/** This device as a term: what operations leave out as their capturing device. */
export const ownTerm = Effect.fnUntraced(function* (connection: Connection): Effect.fn.Return<number, SqlError> {
  const device = yield* deviceId(connection)
  return (yield* intern(connection, "terms", new Set([device]))).get(device)!
})
