/**
 * The two dictionaries: commands (with their trigram index) and terms. Texts become row numbers on the way in and texts again on the way out,
 * a batch at a time.
 */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { type Connection, rows, scalar } from "./Connection.ts"
import { LIVE_TERM } from "./Schema.ts"

export type Dictionary = "commands" | "terms"

/** The row numbers of these texts; those that are new are added. Inside a transaction. */
export const intern = Effect.fnUntraced(function* (
  { sql }: Connection,
  dictionary: Dictionary,
  texts: ReadonlySet<string>
): Effect.fn.Return<Map<string, number>, SqlError> {
  const table = sql(dictionary)
  const wanted = Array.from(texts, (text) => [hashOf(text), text] as const)
  const known = yield* rows<readonly [number, number]>(sql`
    SELECT wanted.key, d.id FROM json_each(${JSON.stringify(wanted)}) wanted
    CROSS JOIN ${table} d ON d.hash = wanted.value ->> 0 AND d.text = wanted.value ->> 1`)
  const numbers = new Map<string, number>()
  for (const [index, id] of known) numbers.set(wanted[index]![1], id)
  if (numbers.size === wanted.length) return numbers

  const missing = wanted.filter(([, text]) => !numbers.has(text))
  const last = (yield* scalar<number | null>(sql`SELECT max(id) FROM ${table}`)) ?? 0
  yield* sql`
    INSERT OR FAIL INTO ${table} (id, hash, text)
    SELECT ${last} + 1 + key, value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(missing)})`
  if (dictionary === "commands") {
    yield* sql`INSERT OR FAIL INTO commands_fts (rowid, text) SELECT id, text FROM commands WHERE id > ${last}`
  }
  missing.forEach(([, text], index) => numbers.set(text, last + 1 + index))
  return numbers
})

/** The texts of these row numbers. */
export const textsOf = ({ sql }: Connection, dictionary: Dictionary, numbers: ReadonlySet<number>) =>
  Effect.map(
    rows<readonly [number, string]>(sql`
      SELECT d.id, d.text FROM json_each(${JSON.stringify(Array.from(numbers))}) wanted
      CROSS JOIN ${sql(dictionary)} d ON d.id = wanted.value`),
    (found): ReadonlyMap<number, string> => new Map(found)
  )

/** Overwrites those of these commands that no entry uses any more, and takes them out of the trigram index. */
export const sweepCommands = Effect.fnUntraced(function* (
  connection: Connection,
  candidates: ReadonlyArray<number>
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  const found = yield* rows<readonly [number]>(sql`
    SELECT value FROM json_each(${JSON.stringify(candidates)})
    WHERE NOT EXISTS (SELECT 1 FROM entries WHERE command = value)`)
  if (found.length === 0) return
  const unused = JSON.stringify(found.map(([id]) => id))
  const total = (yield* scalar<number | null>(sql`SELECT max(id) FROM commands`)) ?? 0
  if (found.length * REBUILD_SHARE > total) {
    yield* overwrite(connection, "commands", unused)
    yield* sql`INSERT INTO commands_fts (commands_fts) VALUES ('rebuild')`
    return
  }
  yield* sql`
    INSERT INTO commands_fts (commands_fts, rowid, text)
    SELECT 'delete', id, text FROM commands WHERE id IN (SELECT value FROM json_each(${unused})) AND hash IS NOT NULL`
  yield* overwrite(connection, "commands", unused)
})

/** Taking a text out of the trigram index costs as much (a millisecond) as putting this many into a new one. */
const REBUILD_SHARE = 400

/** The same for terms, with those that merges replaced earlier. */
export const sweepTerms = Effect.fnUntraced(function* (
  connection: Connection,
  candidates: ReadonlyArray<number>
): Effect.fn.Return<void, SqlError> {
  const { sql } = connection
  // All but a few are still in use, and these tell at once: the indexes, and a look at the newest entries.
  const doubtful = yield* rows<readonly [number]>(sql`
    WITH recent AS MATERIALIZED (SELECT host, user, shell, origin, device FROM entries ORDER BY seq DESC LIMIT 500)
    SELECT id FROM (SELECT value AS id FROM json_each(${JSON.stringify(candidates)}) UNION SELECT id FROM loose_terms) c
    WHERE id <> ${LIVE_TERM}
      AND NOT EXISTS (SELECT 1 FROM entries WHERE cwd = c.id)
      AND NOT EXISTS (SELECT 1 FROM entries WHERE session = c.id)
      AND NOT EXISTS (SELECT 1 FROM recent WHERE c.id IN (host, user, shell, origin, device))`)
  yield* sql`DELETE FROM loose_terms`
  if (doubtful.length === 0) return
  const used = new Set([
    ...(yield* rows<ReadonlyArray<number>>(sql`SELECT DISTINCT host, user, shell, origin, device FROM entries`)).flat(),
    ...(yield* rows<ReadonlyArray<number>>(sql`SELECT DISTINCT device FROM captures`)).flat(),
    ...(yield* rows<ReadonlyArray<number>>(sql`SELECT DISTINCT device FROM operations`)).flat()
  ])
  const unused = doubtful.map(([id]) => id).filter((id) => !used.has(id))
  if (unused.length > 0) yield* overwrite(connection, "terms", JSON.stringify(unused))
})

/** Spaces of the same length, in place: see Schema.ts. A row without a hash is never found again. */
const overwrite = ({ sql, textRemoved }: Connection, dictionary: Dictionary, ids: string) =>
  sql`
    UPDATE ${sql(dictionary)} SET hash = NULL, text = format('%*s', min(octet_length(text), 4000), '')
    WHERE id IN (SELECT value FROM json_each(${ids}))`.pipe(Effect.zipRight(textRemoved))

/** 53 bits, two multiplicative hashes side by side. It only narrows the search: texts are compared as well. */
export const hashOf = (text: string): number => {
  let low = 0x811c9dc5
  let high = 0x1b873593
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x5bd1e995)
    high ^= high >>> 15
  }
  return (high & 0x1fffff) * 0x100000000 + ((low ^ (low >>> 13)) >>> 0)
}
