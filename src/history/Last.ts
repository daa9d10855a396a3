/** `hx last`: the newest session and what failed in it. */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Entry } from "../domain/Entry.ts"

export interface Last {
  /** Null where no entry has a session: a history that was only imported. Then the entries are the newest of all. */
  readonly session: string | null
  /** Oldest first, MOST at most. */
  readonly entries: ReadonlyArray<Entry>
  /** Those that ended with an exit code other than 0. */
  readonly failures: ReadonlyArray<Entry>
}

const MOST = 1_000
const IMPORTED = 20

/** `current`: the session that asks, which is not the last one. */
export const last = Effect.fn("Last.last")(function* (current: string | null) {
  const { history } = yield* HistoryDb
  const session = Option.getOrNull(yield* history.newestSession(current === null ? [] : [current]))
  const entries =
    session === null
      ? (yield* history.find({ words: [], limit: IMPORTED })).toReversed()
      : yield* history.session(session, MOST)
  const failures = entries.filter((entry) => entry.exit !== null && entry.exit !== 0)
  return { session, entries, failures } satisfies Last
})
