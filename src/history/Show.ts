/** `hx show`: one entry, by its id or enough of the id's beginning to be the only one. */

import { Data, Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Entry } from "../domain/Entry.ts"

export class EntryIdError extends Data.TaggedError("EntryIdError")<{
  readonly reason: "Malformed" | "Absent" | "Ambiguous"
  /** As it was given. */
  readonly given: string
  /** Entries whose ids begin so, CANDIDATES at most. */
  readonly candidates: ReadonlyArray<Entry>
}> {
  override get message(): string {
    return `${this.reason}: ${this.given}`
  }
}

const CANDIDATES = 20

export const show = Effect.fn("Show.show")(function* (id: string) {
  const fail = (reason: EntryIdError["reason"], candidates: ReadonlyArray<Entry> = []) =>
    new EntryIdError({ reason, given: id, candidates })
  const prefix = id.trim().toLowerCase()
  if (!/^[0-9a-f]{1,32}$/.test(prefix)) return yield* fail("Malformed")
  const { history } = yield* HistoryDb
  const found = yield* history.withPrefix(prefix, CANDIDATES)
  const [entry] = found
  if (entry === undefined) return yield* fail("Absent")
  return found.length > 1 ? yield* fail("Ambiguous", found) : entry
})
