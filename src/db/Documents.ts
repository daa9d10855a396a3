/** Small JSON documents of the layers above. */

import { Effect, Option } from "effect"
import { type Connection, scalar } from "./Connection.ts"
import { dbError } from "./DbError.ts"
import type { Documents } from "./HistoryDb.ts"

export const makeDocuments = ({ path, sql, transaction }: Connection): Documents => {
  const failing = Effect.mapError(dbError(path))
  return {
    get: Effect.fn("Documents.get")((key: string) =>
      Effect.map(scalar<string>(sql`SELECT value FROM documents WHERE key = ${key}`), Option.fromNullable).pipe(failing)
    ),
    put: Effect.fn("Documents.put")((key: string, json: string) =>
      sql`INSERT INTO documents (key, value) VALUES (${key}, ${json}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`.pipe(
        Effect.asVoid,
        transaction,
        failing
      )
    ),
    remove: Effect.fn("Documents.remove")((key: string) =>
      sql`DELETE FROM documents WHERE key = ${key}`.pipe(Effect.asVoid, transaction, failing)
    )
  }
}
