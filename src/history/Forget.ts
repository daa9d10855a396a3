/**
 * `hx forget`: what a person means (ids, a text, a time) becomes rules that name entries, or one window, closed now at the latest. A text is
 * resolved to ids here and is never stored: the rule would otherwise tell what it was meant to hide. Ids in full and windows reach entries, too, that
 * have not come here yet; and so does a text, where it is that of a command which some history file without times has.
 */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { Entry } from "../domain/Entry.ts"
import { type EntryId, isEntryId } from "../domain/EntryId.ts"
import { type ForgetRule, type ForgetWindow, RULE_IDS, smallRules } from "../domain/ForgetRule.ts"
import { twinKeysOf, undatedTwinKey } from "../domain/Twin.ts"
import { breathe } from "../platform/EventLoop.ts"
import { type Meter, silentMeter } from "../platform/Progress.ts"
import { show } from "./Show.ts"

export interface ForgetRequest {
  /** Ids, or enough of their beginnings. */
  readonly ids: ReadonlyArray<string>
  /** All runs of one command, by their whole ids: then a line of it that does not say when stands for nothing else. */
  readonly runs?: ReadonlyArray<EntryId>
  /** As it stands, spaces and all, upper or lower case: words in any order would take more than is meant. Null: no text. */
  readonly match: string | null
  /** µs since 1970: from this moment on; with `match`, only what matches. Null: no such bound. */
  readonly since: number | null
  /** µs since 1970: up to this moment, without it, and never beyond now. Null: no such bound. */
  readonly until?: number | null
  /** Only what this device captured. Null: with a text what any did; with a time alone what this one did. */
  readonly device?: DeviceId | null
  /** With a time alone: what any device captured. */
  readonly allDevices: boolean
  /** µs since 1970. */
  readonly now: number
}

export interface ForgetPlan {
  readonly rules: ReadonlyArray<ForgetRule>
  /** How many visible entries go. */
  readonly entries: number
  /** Ids that were named in full, and of which no entry has come yet. */
  readonly unseen: number
  /** The newest of them, SAMPLE at most. */
  readonly sample: ReadonlyArray<Entry>
}

const SAMPLE = 10

/** What the request comes to, for people to look at before it is done. Fails with EntryIdError where an id names no one entry. */
export const planForget = Effect.fn("Forget.plan")(function* (request: ForgetRequest) {
  const { history } = yield* HistoryDb
  const { ids, match, runs = [] } = request
  const found = yield* Effect.forEach(ids, named, { concurrency: 1 })
  const unseen = found.flatMap((each) => (typeof each === "string" ? [each] : []))
  const entriesNamed = found.flatMap((each) => (typeof each === "string" ? [] : [each]))
  const matching = match === null ? [] : yield* matchingIds(match, request)
  const window = match === null ? yield* windowOf(request) : null
  const within = window === null ? [] : yield* history.underWindow(window)
  // Forgotten at whatever time, and by whomever, it ran: then a line that does not say when stands for nothing else.
  const { device = null, since, until = null } = request
  const timeless = new Set([...runs, ...(since === null && until === null && device === null ? matching : [])])
  const chosen = Array.from(new Set([...entriesNamed.map(({ id }) => id), ...runs, ...matching, ...within]))

  const rules: Array<ForgetRule> = []
  const gone: Array<Entry> = [...entriesNamed]
  for (let from = 0; from < chosen.length; from += RULE_IDS) {
    const part = chosen.slice(from, from + RULE_IDS)
    const { rule, visible } = yield* ruleFor(part, timeless)
    rules.push(rule)
    for (const entry of visible) gone.push(entry)
  }
  rules.push(...smallRules({ ids: Array.from(new Set(unseen)), twins: [], windows: [] }))
  // The window comes last: the entries that the other rules name tell what their twin keys stand for.
  if (window !== null) rules.push({ ids: [], twins: [], windows: [window] })
  const entries = Array.from(new Map(gone.map((entry) => [entry.id, entry])).values())
  return {
    rules,
    entries: entries.length,
    unseen: new Set(unseen).size,
    sample: entries.toSorted((a, b) => (b.start ?? -1) - (a.start ?? -1)).slice(0, SAMPLE)
  } satisfies ForgetPlan
})

/** Does it, as a whole; gives the number of entries removed, shadowed ones included. */
export const forget = Effect.fn("Forget.forget")(function* (
  { entries, rules }: Pick<ForgetPlan, "entries" | "rules">,
  meter: Meter = silentMeter
) {
  const db = yield* HistoryDb
  meter.expect(entries)
  const { removed } = yield* db.log.forgetAll(rules, (absorbed) =>
    Effect.zipRight(
      Effect.sync(() => meter.advance(absorbed.removed)),
      breathe
    )
  )
  return removed
})

/** The entry of an id or of its beginning; a whole id stands for an entry that has not come yet, too. */
const named = (given: string) => {
  const id = given.trim().toLowerCase()
  return show(given).pipe(
    Effect.catchIf(
      (error) => error._tag === "EntryIdError" && error.reason === "Absent" && isEntryId(id),
      () => Effect.succeed(id as EntryId)
    )
  )
}

const matchingIds = Effect.fnUntraced(function* (match: string, request: ForgetRequest) {
  const { history } = yield* HistoryDb
  const { device = null, now, since, until = null } = request
  const found = yield* history.find({
    words: [match],
    limit: Infinity,
    ...(since === null ? {} : { after: since }),
    ...(until === null ? {} : { before: until })
  })
  if (device === null) return found.map(({ id }) => id)
  // An entry tells one of the devices that captured it; a window asks all of them.
  const captured = new Set(yield* history.underWindow({ from: 0, to: now, device }))
  return found.flatMap((entry) => (entry.device === device || captured.has(entry.id) ? [entry.id] : []))
})

const windowOf = Effect.fnUntraced(function* ({ allDevices, device = null, now, since, until = null }: ForgetRequest) {
  const from = since ?? 0
  const to = Math.min(now, until === null ? now : until - 1)
  if ((since === null && until === null) || from > to) return null
  const whose = device ?? (allDevices ? null : yield* Effect.flatMap(HistoryDb, (db) => db.device.id))
  return { from, to, device: whose } satisfies ForgetWindow as ForgetWindow
})

/** The rule for these entries and whatever else stands for the same runs: in a history file that was imported, or will be, or has no times. */
const ruleFor = Effect.fnUntraced(function* (ids: ReadonlyArray<EntryId>, timeless: ReadonlySet<EntryId>) {
  const { history } = yield* HistoryDb
  const all = Array.from(new Set([...ids, ...(yield* history.twinsOf(ids))]))
  const entries = yield* history.entries(all)
  const twins = new Set(
    entries.flatMap(({ entry }) => [
      ...twinKeysOf(entry),
      ...(timeless.has(entry.id) ? [undatedTwinKey(entry.command)] : [])
    ])
  )
  const rule: ForgetRule = { ids: all, twins: Array.from(twins), windows: [] }
  return { rule, visible: entries.filter(({ shadowed }) => !shadowed).map(({ entry }) => entry) }
})
