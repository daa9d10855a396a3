/** Forget rules: taking one in finds, removes and remembers all it covers. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { EntryId } from "../domain/EntryId.ts"
import { type ForgetRule, type ForgetWindow, IMPORTED_SLACK } from "../domain/ForgetRule.ts"
import { SECOND } from "../domain/Instant.ts"
import { ownTwinKey, TWIN_TOLERANCE, type TwinKey, twinKeysOf, undatedTwinKey } from "../domain/Twin.ts"
import { type Connection, rows } from "./Connection.ts"
import { hashOf } from "./Dictionary.ts"
import { forgetIds, type LooseTexts } from "./Removal.ts"
import { importedAround } from "./Shadow.ts"

/** Takes in rules; gives the number of entries they removed. Inside a transaction. `loose`: see forgetIds. */
export const applyRules = Effect.fnUntraced(function* (
  connection: Connection,
  rules: ReadonlyArray<ForgetRule>,
  loose?: LooseTexts
): Effect.fn.Return<number, SqlError> {
  if (rules.length === 0) return 0
  const windows = yield* newWindows(
    connection,
    rules.flatMap((rule) => rule.windows)
  )
  const twins = yield* newTwins(
    connection,
    rules.flatMap((rule) => rule.twins)
  )
  const ids = new Set(rules.flatMap((rule) => rule.ids))
  const covered = new Set(ids)
  for (const id of yield* underWindows(connection, windows)) covered.add(id)
  for (const id of yield* underTwins(connection, twins, ids)) covered.add(id)
  return yield* forgetIds(connection, Array.from(covered), loose)
})

/** Everything this database knows as forgotten, as one rule. */
export const allRules = Effect.fnUntraced(function* ({ sql }: Connection): Effect.fn.Return<ForgetRule, SqlError> {
  const ids = yield* rows<readonly [EntryId]>(sql`SELECT lower(hex(id)) FROM forgotten_ids ORDER BY id`)
  const twins = yield* rows<readonly [TwinKey]>(sql`SELECT lower(hex(key)) FROM forgotten_twins ORDER BY key`)
  const windows = yield* rows<readonly [number, number, string]>(sql`
    SELECT first, last, device FROM forget_windows ORDER BY first, last, device`)
  return {
    ids: ids.map(([id]) => id),
    twins: twins.map(([key]) => key),
    windows: windows.map(([from, to, device]): ForgetWindow => ({
      from,
      to,
      device: device === "" ? null : (device as ForgetWindow["device"])
    }))
  }
})

const newWindows = ({ sql }: Connection, windows: ReadonlyArray<ForgetWindow>) =>
  windows.length === 0
    ? Effect.succeed<ReadonlyArray<readonly [number, number, string]>>([])
    : rows<readonly [number, number, string]>(sql`
        INSERT INTO forget_windows (first, last, device)
        SELECT value ->> 0, value ->> 1, value ->> 2
        FROM json_each(${JSON.stringify(windows.map((window) => [window.from, window.to, window.device ?? ""]))})
        WHERE true
        ON CONFLICT DO NOTHING RETURNING first, last, device`)

const newTwins = ({ sql }: Connection, twins: ReadonlyArray<TwinKey>) =>
  twins.length === 0
    ? Effect.succeed<ReadonlyArray<TwinKey>>([])
    : Effect.map(
        rows<readonly [TwinKey]>(sql`
          INSERT INTO forgotten_twins (key) SELECT unhex(value) FROM json_each(${JSON.stringify(twins)}) WHERE true
          ON CONFLICT DO NOTHING RETURNING lower(hex(key))`),
        (found) => found.map(([key]) => key)
      )

/** Ids of the entries that windowCovers (ForgetRule.ts) finds covered, one of their captures at least. */
export const underWindows = ({ sql }: Connection, windows: ReadonlyArray<readonly [number, number, string]>) =>
  windows.length === 0
    ? Effect.succeed<ReadonlyArray<EntryId>>([])
    : Effect.map(
        rows<readonly [EntryId]>(sql`
          WITH wanted AS MATERIALIZED (
            SELECT value ->> 0 AS first, value ->> 1 AS last, value ->> 2 AS device,
                   (SELECT t.id FROM terms t WHERE t.hash = value ->> 3 AND t.text = value ->> 2) AS term
            FROM json_each(${JSON.stringify(windows.map((window) => [...window, hashOf(window[2])]))})
          )
          SELECT DISTINCT lower(hex(e.id)) FROM wanted w
          CROSS JOIN entries e ON e.start BETWEEN w.first - ${IMPORTED_SLACK} AND w.last + ${IMPORTED_SLACK}
          WHERE (e.live = 0 OR e.start BETWEEN w.first AND w.last)
            AND (w.device = '' OR e.device = w.term OR EXISTS (
              SELECT 1 FROM captures c WHERE c.entry = e.seq AND c.device = w.term
            ))`),
        (found) => found.map(([id]) => id)
      )

/**
 * Ids of the imported entries that twin keys cover. A key is a hash: where the rule's own entries are here, they tell which second and command
 * it stands for; where they are not, every imported entry has to be tried.
 */
const underTwins = Effect.fnUntraced(function* (
  connection: Connection,
  twins: ReadonlyArray<TwinKey>,
  ids: ReadonlySet<EntryId>
): Effect.fn.Return<ReadonlyArray<EntryId>, SqlError> {
  if (twins.length === 0) return []
  const { sql } = connection
  const wanted = new Set(twins)
  const named = yield* rows<readonly [number | null, string, number, number]>(sql`
    SELECT e.start, c.text, e.live, e.command FROM json_each(${JSON.stringify(Array.from(ids))}) j
    CROSS JOIN entries e ON e.id = unhex(j.value)
    CROSS JOIN commands c ON c.id = e.command`)
  const undated = new Set<number>()
  for (const [start, command, live, number] of named) {
    for (const key of twinKeysOf({ start, command, origin: live === 1 ? "live" : "import" })) wanted.delete(key)
    if (wanted.delete(undatedTwinKey(command))) undated.add(number)
  }
  const around = yield* importedAround(
    connection,
    named.flatMap(([start, , , command]) => (start === null ? [] : [[command, start] as const])),
    TWIN_TOLERANCE + SECOND
  )
  const near = yield* rows<Candidate>(sql`
    SELECT lower(hex(i.id)), i.start, c.text FROM json_each(${JSON.stringify(around)}) j
    CROSS JOIN entries i ON i.seq = j.value
    CROSS JOIN commands c ON c.id = i.command`)
  const timeless = yield* rows<readonly [EntryId]>(sql`
    SELECT lower(hex(i.id)) FROM json_each(${JSON.stringify(Array.from(undated))}) j
    CROSS JOIN entries i ON i.command = j.value AND i.live = 0 AND i.start IS NULL`)
  const all = new Set(twins)
  const covered = [...coveredBy(all, near), ...timeless.map(([id]) => id)]
  if (wanted.size === 0) return covered
  for (let after = 0; ;) {
    const page = yield* rows<readonly [EntryId, number | null, string, number]>(sql`
      SELECT lower(hex(i.id)), i.start, c.text, i.seq FROM entries i CROSS JOIN commands c ON c.id = i.command
      WHERE i.seq > ${after} AND i.live = 0 ORDER BY i.seq LIMIT 20000`)
    if (page.length === 0) return covered
    covered.push(...coveredBy(all, page))
    after = page.at(-1)![3]
  }
})

type Candidate = readonly [id: EntryId, start: number | null, command: string, ...rest: ReadonlyArray<unknown>]

const coveredBy = (keys: ReadonlySet<TwinKey>, candidates: ReadonlyArray<Candidate>): Array<EntryId> =>
  candidates
    .filter(([, start, command]) => keys.has(ownTwinKey({ start, command, origin: "import" }) ?? ""))
    .map(([id]) => id)
