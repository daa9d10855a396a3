/**
 * Names that the local history knows of, for completions: read within milliseconds from a part of it, however long it is, and from what is there.
 * Nothing is made, migrated or waited for; where something is in the way there are simply none.
 */

import Database from "better-sqlite3"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { APPLICATION_ID, migrations } from "./Schema.ts"

export type KnownValue = "hosts" | "sessions" | "devices"

/** The newest or most telling first. */
export const knownValues = (path: string, kind: KnownValue): Effect.Effect<ReadonlyArray<string>> =>
  Effect.try(() => read(path, kind)).pipe(
    // A key was pressed in some shell: that is no time to hear of a busy or broken database, every other command tells of it.
    Effect.orElseSucceed(() => []),
    Effect.withSpan("KnownValues.read")
  )

const read = (path: string, kind: KnownValue): ReadonlyArray<string> => {
  if (!existsSync(path)) return []
  const database = new Database(path, { fileMustExist: true, timeout: 20 })
  try {
    database.pragma("query_only = ON")
    const ours = database.pragma("application_id", { simple: true }) === APPLICATION_ID
    if (!ours || database.pragma("user_version", { simple: true }) !== migrations.length) return []
    return database.prepare(QUERIES[kind]).pluck().all().map(String)
  } finally {
    database.close()
  }
}

/** No index leads to hosts: what is newest tells them, and what stands at a hundred places of the rest. */
const QUERIES: Readonly<Record<KnownValue, string>> = {
  hosts: `
    WITH RECURSIVE
      bounds AS (SELECT (SELECT min(seq) FROM entries) AS low, (SELECT max(seq) FROM entries) AS high),
      places (at) AS (
        SELECT low FROM bounds WHERE low IS NOT NULL
        UNION ALL SELECT at + 1 + (high - low) / 100 FROM places, bounds WHERE at < high
      ),
      seen AS (
        SELECT host FROM (SELECT host FROM entries ORDER BY seq DESC LIMIT 2000)
        UNION SELECT e.host FROM places CROSS JOIN entries e ON e.seq BETWEEN places.at AND places.at + 9
      )
    SELECT t.text FROM seen CROSS JOIN terms t ON t.id = seen.host ORDER BY t.text LIMIT 200`,
  sessions: `
    WITH newest AS (SELECT session, start FROM entries ORDER BY start DESC LIMIT 5000)
    SELECT t.text FROM newest CROSS JOIN terms t ON t.id = newest.session
    GROUP BY t.id ORDER BY max(newest.start) DESC LIMIT 100`,
  devices: `
    SELECT coalesce(nullif(state ->> '$.label', ''), lower(hex(log))) FROM peers WHERE NOT state ->> '$.copy'
    UNION SELECT value FROM meta WHERE key = 'label' AND value <> ''`
}
