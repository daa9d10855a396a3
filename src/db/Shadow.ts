/**
 * Which imported entries are shadowed: those for which a live entry with the same command stands within one second, on the same host. An
 * unknown host is no other host: files that do not say where they come from shadow as this host's own do.
 */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import { TWIN_TOLERANCE } from "../domain/Twin.ts"
import { type Connection, rows } from "./Connection.ts"
import { LIVE_TERM } from "./Schema.ts"

/** For the entries added after row `last`, and the imported neighbours of the live ones among them. */
export const shadowAdded = Effect.fnUntraced(function* (
  connection: Connection,
  last: number
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  yield* decide(connection, sql`seq > ${last}`)
  yield* shadowAgain(connection, yield* neighboursOf(connection, sql`l.seq > ${last}`))
})

/** For these entries only. */
export const shadowAgain = (connection: Connection, seqs: ReadonlyArray<number>): Effect.Effect<void, SqlError> =>
  seqs.length === 0 ? Effect.void : decide(connection, among(connection, "seq", seqs))

/** The imported entries that some live one of these may shadow. */
export const importedNeighbours = (connection: Connection, seqs: ReadonlyArray<number>) =>
  neighboursOf(connection, among(connection, "l.seq", seqs))

const neighboursOf = ({ sql }: Connection, live: Fragment) =>
  Effect.map(
    rows<readonly [number]>(sql`
      SELECT i.seq FROM entries l
      CROSS JOIN entries i ON i.command = l.command
        AND i.start BETWEEN l.start - ${TWIN_TOLERANCE} AND l.start + ${TWIN_TOLERANCE}
      WHERE ${live} AND l.origin = ${LIVE_TERM} AND i.origin <> ${LIVE_TERM}`),
    (found) => found.map(([seq]) => seq)
  )

const decide = ({ sql }: Connection, which: Fragment) =>
  Effect.asVoid(sql`
    UPDATE OR FAIL entries SET shadowed = NOT shadowed
    WHERE ${which}
      AND shadowed <> (
        origin <> ${LIVE_TERM} AND EXISTS (
          SELECT 1 FROM entries l
          WHERE l.command = entries.command
            AND l.start BETWEEN entries.start - ${TWIN_TOLERANCE} AND entries.start + ${TWIN_TOLERANCE}
            AND l.origin = ${LIVE_TERM}
            AND (l.host = entries.host OR l.host IS NULL OR entries.host IS NULL)
        )
      )`)

const among = ({ sql }: Connection, column: string, seqs: ReadonlyArray<number>): Fragment =>
  sql`${sql.literal(column)} IN (SELECT value FROM json_each(${JSON.stringify(seqs)}))`
