/** What `hx forget` does and says. It asks before it removes anything, and without a terminal to ask on it wants --yes. */

import { Effect, Option } from "effect"
import { forget, type ForgetPlan, planForget } from "../../../history/Forget.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Stdio } from "../../../platform/Stdio.ts"
import { entryTable } from "../../EntryView.ts"
import { layer } from "../../HistoryLayers.ts"
import { momentOf, now } from "../../Moments.ts"
import { Output } from "../../Output.ts"
import { counted } from "../../Units.ts"
import { UsageError } from "../../UsageError.ts"

export interface ForgetGiven {
  readonly ids: ReadonlyArray<string>
  readonly match: Option.Option<string>
  readonly since: Option.Option<string>
  readonly allDevices: boolean
  readonly yes: boolean
}

export const run = (given: ForgetGiven) => Effect.provide(forgetAndTell(given), layer)

const forgetAndTell = Effect.fnUntraced(function* (given: ForgetGiven) {
  const output = yield* Output
  yield* check(given)
  const plan = yield* planForget({
    ids: given.ids,
    match: Option.getOrNull(given.match),
    since: yield* momentOf(given.since),
    allDevices: given.allDevices,
    now: yield* now
  })
  const agreed = plan.entries === 0 || given.yes || (yield* ask(plan))
  const removed = agreed ? yield* forget(plan) : 0
  yield* output.result({ matched: plan.entries, removed }, () => {
    if (!agreed) return "Nothing was forgotten."
    if (plan.entries === 0) return "Nothing to forget: no entry is meant by that."
    return `Forgot ${entries(plan.entries)} here. The other devices follow when they have synced: hx sync`
  })
})

const check = (given: ForgetGiven): Effect.Effect<void, UsageError> => {
  if (given.ids.length === 0 && Option.isNone(given.match) && Option.isNone(given.since)) {
    const hint = "Name ids, or say --match TEXT or --since WHEN."
    return new UsageError({ what: "Nothing says what to forget", subject: "hx forget", hint })
  }
  if (Option.exists(given.match, (text) => text.trim() === "")) {
    const hint = "An empty text is in every command. To forget a time: --since WHEN"
    return new UsageError({ what: "An empty text would mean everything", subject: "--match", hint })
  }
  if (given.allDevices && Option.isNone(given.since)) {
    const hint = "Ids and texts are forgotten on every device anyway; only --since can be about one."
    return new UsageError({ what: "An option without the one it belongs to", subject: "--all-devices", hint })
  }
  return Effect.void
}

const ask = Effect.fnUntraced(function* (plan: ForgetPlan) {
  const stdio = yield* Stdio
  const { home } = yield* Paths
  if (!stdio.inputIsTerminal) {
    return yield* new UsageError({
      what: "Nobody can be asked whether to forget",
      subject: `${entries(plan.entries)}, and standard input is no terminal`,
      hint: "Say --yes to forget without being asked."
    })
  }
  const more = plan.entries - plan.sample.length
  const shown = `${yield* entryTable(plan.sample, home)}\n${more > 0 ? `and ${entries(more)} more\n` : ""}`
  const answer = yield* stdio.ask(`${shown}\nForget ${entries(plan.entries)}, here and on every device? [y/N] `)
  return Option.exists(answer, (text) => /^y(es)?$/i.test(text.trim()))
})

const entries = (count: number): string => counted(count, "entry", "entries")
