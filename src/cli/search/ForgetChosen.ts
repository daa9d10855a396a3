/** Forgets every run of a command, here and by its rule on every device; gives how many entries went, or why they did not. */

import { Effect } from "effect"
import { HistoryDb } from "../../db/HistoryDb.ts"
import type { SearchSource } from "../../db/SearchSource.ts"
import type { EntryId } from "../../domain/EntryId.ts"
import { isMany } from "../../domain/ForgetRule.ts"
import { forget, planForget } from "../../history/Forget.ts"
import { layer } from "../HistoryLayers.ts"
import { now } from "../Moments.ts"
import { counted, countText } from "../Units.ts"

/** Gives what to tell about it, and whether it was done. */
export const forgetCommand = (source: SearchSource, command: number) =>
  Effect.provide(plannedAndDone(source, command), layer)

const plannedAndDone = Effect.fnUntraced(function* (source: SearchSource, command: number) {
  const { history } = yield* HistoryDb
  const plan = yield* planForget({
    ids: [],
    runs: source.idsOf(command) as ReadonlyArray<EntryId>,
    match: null,
    since: null,
    allDevices: false,
    now: yield* now
  })
  const all = (yield* history.summary).entries
  if (isMany(plan.entries, all)) {
    const notice = `That is ${countText(plan.entries)} of ${countText(all)} entries, more than a key should forget: hx forget --match`
    return { done: false, notice }
  }
  yield* forget(plan)
  const notice = `Forgot ${counted(plan.entries, "entry", "entries")} here. The other devices follow when they have synced: hx sync`
  return { done: true, notice }
})
