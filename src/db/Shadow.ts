/**
 * Which imported entries are shadowed: those for which a live entry with the same command stands within one second, on the same host. An
 * unknown host is no other host: files that do not say where they come from shadow as this host's own do.
 */

import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import { Effect } from "effect"
import { TWIN_TOLERANCE } from "../domain/Twin.ts"
import { type Connection, rows } from "./Connection.ts"

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

const neighboursOf = (connection: Connection, live: Fragment) =>
  Effect.flatMap(
    rows<readonly [number, number]>(connection.sql`
      SELECT l.command, l.start FROM entries l WHERE ${live} AND l.live = 1 AND l.start IS NOT NULL`),
    (places) => importedAround(connection, places, TWIN_TOLERANCE)
  )

/** Imported entries with the command of one of these places (row number and start), started within `reach` µs of it; each once. */
export const importedAround = (
  { sql }: Connection,
  places: ReadonlyArray<readonly [command: number, start: number]>,
  reach: number
): Effect.Effect<ReadonlyArray<number>, SqlError> =>
  places.length === 0
    ? Effect.succeed([])
    : Effect.map(
        rows<readonly [number]>(sql`
          SELECT i.seq FROM json_each(${JSON.stringify(stretches(places, reach))}) j
          CROSS JOIN entries i ON i.command = j.value ->> 0 AND i.live = 0
            AND i.start BETWEEN j.value ->> 1 AND j.value ->> 2`),
        (found) => found.map(([seq]) => seq)
      )

/** What lies within reach, as stretches of time that do not overlap: the same command many times a second is looked for once. */
const stretches = (places: ReadonlyArray<readonly [number, number]>, reach: number) => {
  const joined: Array<[command: number, from: number, to: number]> = []
  for (const [command, start] of places.toSorted(([a, from], [b, to]) => a - b || from - to)) {
    const last = joined.at(-1)
    if (last !== undefined && last[0] === command && start - reach <= last[2]) last[2] = start + reach
    else joined.push([command, start - reach, start + reach])
  }
  return joined
}

const decide = ({ sql }: Connection, which: Fragment) =>
  Effect.asVoid(sql`
    UPDATE OR FAIL entries SET shadowed = NOT shadowed
    WHERE ${which}
      AND shadowed <> (
        live = 0 AND EXISTS (
          SELECT 1 FROM entries l
          WHERE l.command = entries.command AND l.live = 1
            AND l.start BETWEEN entries.start - ${TWIN_TOLERANCE} AND entries.start + ${TWIN_TOLERANCE}
            AND (l.host = entries.host OR l.host IS NULL OR entries.host IS NULL)
        )
      )`)

const among = ({ sql }: Connection, column: string, seqs: ReadonlyArray<number>): Fragment =>
  sql`${sql.literal(column)} IN (SELECT value FROM json_each(${JSON.stringify(seqs)}))`
