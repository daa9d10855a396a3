/** `hx find`: commands by what they hold, newest first. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Filters } from "../db/HistoryQueries.ts"
import { parseQuery } from "./Query.ts"

export interface FindRequest extends Filters {
  /** As typed: see Query.ts. Empty: every entry. */
  readonly query: string
  /** 0 for all. */
  readonly limit: number
}

export const find = Effect.fn("Find.find")(function* ({ limit, query, ...filters }: FindRequest) {
  const { history } = yield* HistoryDb
  return yield* history.find({ ...filters, words: parseQuery(query), limit: limit === 0 ? Infinity : limit })
})
