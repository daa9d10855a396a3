/** Which entries the rules known here cover: the test every entry passes on its way in. */

import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import { type ForgetWindow, windowCovers } from "../domain/ForgetRule.ts"
import { ownTwinKey, type TwinKey } from "../domain/Twin.ts"
import { type Connection, rows } from "./Connection.ts"

export interface Sifted {
  readonly kept: ReadonlyArray<Entry>
  readonly refused: number
  /** Ids that were not known as forgotten, and now are: a window or a twin key covers a capture of theirs. */
  readonly learned: ReadonlyArray<EntryId>
}

export const sift = Effect.fnUntraced(function* (
  connection: Connection,
  entries: ReadonlyArray<Entry>
): Effect.fn.Return<Sifted, SqlError> {
  const { sql } = connection
  const [[anyId, anyTwin, anyWindow] = [0, 0, 0]] = yield* rows<readonly [number, number, number]>(sql`
    SELECT EXISTS (SELECT 1 FROM forgotten_ids), EXISTS (SELECT 1 FROM forgotten_twins), EXISTS (SELECT 1 FROM forget_windows)`)
  const forgotten = new Set<EntryId>()
  if (anyId === 1) for (const id of yield* forgottenAmong(connection, entries)) forgotten.add(id)
  const learned = new Set<EntryId>()
  if (anyWindow === 1) {
    const windows = yield* allWindows(connection)
    for (const entry of entries) if (windows.some((window) => windowCovers(window, entry))) learned.add(entry.id)
  }
  if (anyTwin === 1) for (const id of yield* twinsAmong(connection, entries)) learned.add(id)
  for (const id of forgotten) learned.delete(id)
  if (forgotten.size + learned.size === 0) return { kept: entries, refused: 0, learned: [] }
  const kept = entries.filter((entry) => !forgotten.has(entry.id) && !learned.has(entry.id))
  return { kept, refused: entries.length - kept.length, learned: Array.from(learned) }
})

export const allWindows = ({ sql }: Connection): Effect.Effect<ReadonlyArray<ForgetWindow>, SqlError> =>
  Effect.map(rows<readonly [number, number, string]>(sql`SELECT first, last, device FROM forget_windows`), (found) =>
    found.map(([from, to, device]) => ({ from, to, device: device === "" ? null : (device as DeviceId) }))
  )

const forgottenAmong = ({ sql }: Connection, entries: ReadonlyArray<Entry>) =>
  Effect.map(
    rows<readonly [EntryId]>(sql`
      SELECT value FROM json_each(${JSON.stringify(entries.map((entry) => entry.id))})
      WHERE unhex(value) IN (SELECT id FROM forgotten_ids)`),
    (found) => found.map(([id]) => id)
  )

const twinsAmong = ({ sql }: Connection, entries: ReadonlyArray<Entry>) => {
  const keys: Array<TwinKey> = []
  const ids: Array<EntryId> = []
  for (const entry of entries) {
    const key = ownTwinKey(entry)
    if (key === null) continue
    keys.push(key)
    ids.push(entry.id)
  }
  return Effect.map(
    rows<readonly [number]>(sql`
      SELECT key FROM json_each(${JSON.stringify(keys)}) WHERE unhex(value) IN (SELECT f.key FROM forgotten_twins f)`),
    (found) => found.map(([index]) => ids[index]!)
  )
}
