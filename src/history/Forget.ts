/**
 * `hx forget`: what a person means (ids, a text, the time since) becomes rules that name entries, or one window, closed now. A text is
 * resolved to ids here and is never stored: the rule would otherwise tell what it was meant to hide.
 */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetRule, ForgetWindow } from "../domain/ForgetRule.ts"
import { twinKeysOf } from "../domain/Twin.ts"
import { parseQuery } from "./Query.ts"
import { show } from "./Show.ts"

export interface ForgetRequest {
  /** Ids, or enough of their beginnings. */
  readonly ids: ReadonlyArray<string>
  /** As `hx find` understands it; null: no text. */
  readonly match: string | null
  /** µs since 1970: from this moment until now; with `match`, only what matches. Null: no such bound. */
  readonly since: number | null
  /** With `since` alone: what any device captured, and not only this one. */
  readonly allDevices: boolean
  /** µs since 1970. */
  readonly now: number
}

export interface ForgetPlan {
  readonly rules: ReadonlyArray<ForgetRule>
  /** How many visible entries go. */
  readonly entries: number
  /** The newest of them, SAMPLE at most. */
  readonly sample: ReadonlyArray<Entry>
}

const SAMPLE = 10

/** What the request comes to, for people to look at before it is done. Fails with EntryIdError where an id names no one entry. */
export const planForget = Effect.fn("Forget.plan")(function* (request: ForgetRequest) {
  const { device, history } = yield* HistoryDb
  const { ids, match, now, since } = request
  const named = yield* Effect.forEach(ids, show, { concurrency: 1 })
  const matching =
    match === null
      ? []
      : yield* history.find({ words: parseQuery(match), limit: Infinity, ...(since === null ? {} : { after: since }) })
  const window: ForgetWindow | null =
    match !== null || since === null || since > now
      ? null
      : { from: since, to: now, device: request.allDevices ? null : yield* device.id }
  const within = window === null ? [] : yield* history.underWindow(window)
  const chosen = Array.from(new Set([...named.map(({ id }) => id), ...matching.map(({ id }) => id), ...within]))

  const rules: Array<ForgetRule> = []
  const gone: Array<Entry> = [...named]
  for (let from = 0; from < chosen.length; from += RULE_IDS) {
    const part = chosen.slice(from, from + RULE_IDS)
    const { rule, visible } = yield* ruleFor(part)
    rules.push(rule)
    for (const entry of visible) gone.push(entry)
  }
  // The window comes last: the entries that the other rules name tell what their twin keys stand for.
  if (window !== null) rules.push({ ids: [], twins: [], windows: [window] })
  const entries = Array.from(new Map(gone.map((entry) => [entry.id, entry])).values())
  return {
    rules,
    entries: entries.length,
    sample: entries.toSorted((a, b) => (b.start ?? -1) - (a.start ?? -1)).slice(0, SAMPLE)
  } satisfies ForgetPlan
})

/** Does it, as a whole; gives the number of entries removed, shadowed ones included. */
export const forget = Effect.fn("Forget.forget")(function* ({ rules }: ForgetPlan) {
  const db = yield* HistoryDb
  const removed = yield* Effect.forEach(rules, (rule) => db.log.forget(rule), { concurrency: 1 }).pipe(db.transaction)
  return removed.reduce((sum, absorbed) => sum + absorbed.removed, 0)
})

/** Ids in one rule: a rule is one operation of the log, and is held in memory as a whole. */
const RULE_IDS = 5_000

/** The rule for these entries and whatever else stands for the same runs: in a history file that was imported, or will be. */
const ruleFor = Effect.fnUntraced(function* (ids: ReadonlyArray<EntryId>) {
  const { history } = yield* HistoryDb
  const all = Array.from(new Set([...ids, ...(yield* history.twinsOf(ids))]))
  const entries = yield* history.entries(all)
  const twins = new Set(entries.flatMap(({ entry }) => twinKeysOf(entry)))
  const rule: ForgetRule = { ids: all, twins: Array.from(twins), windows: [] }
  return { rule, visible: entries.filter(({ shadowed }) => !shadowed).map(({ entry }) => entry) }
})
