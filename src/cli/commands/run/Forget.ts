/**
 * What `hx forget` does and says. It asks before it removes anything, and without a terminal to ask on it wants --yes; much is removed only where the
 * number was typed, or --many says so.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import * as RawText from "../../../domain/RawText.ts"
import { isMany } from "../../../domain/ForgetRule.ts"
import { forget, type ForgetPlan, planForget } from "../../../history/Forget.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Progress } from "../../../platform/Progress.ts"
import { Stdio } from "../../../platform/Stdio.ts"
import { binding } from "../../../sync/SyncState.ts"
import { entryTable } from "../../EntryView.ts"
import { completeLayer } from "../../HistoryLayers.ts"
import { momentOf, now } from "../../Moments.ts"
import { Output } from "../../Output.ts"
import { counted, countText } from "../../Units.ts"
import { UsageError } from "../../UsageError.ts"
import { INPUT, wholeInput } from "../../WholeInput.ts"
import { deviceNamed } from "./NamedDevice.ts"

export interface ForgetGiven {
  readonly ids: ReadonlyArray<string>
  readonly match: Option.Option<string>
  readonly since: Option.Option<string>
  readonly until: Option.Option<string>
  readonly device: Option.Option<string>
  readonly allDevices: boolean
  readonly many: boolean
  readonly yes: boolean
}

export const run = (given: ForgetGiven) => Effect.provide(forgetAndTell(given), completeLayer)

/**
 * With --json: {version, matched, removed, unseen}. `matched`: visible entries that were meant; `removed`: those that are gone, twins in history files
 * included; `unseen`: ids of entries that have not come here yet.
 */
const forgetAndTell = Effect.fnUntraced(function* (given: ForgetGiven) {
  const output = yield* Output
  const progress = yield* Progress
  yield* check(given)
  const match = yield* matchOf(given)
  const plan = yield* planForget({
    ids: given.ids,
    match,
    since: yield* momentOf(given.since),
    until: yield* momentOf(given.until),
    device: Option.isNone(given.device) ? null : yield* deviceNamed(given.device.value),
    allDevices: given.allDevices,
    now: yield* now
  })
  const agreed = plan.entries === 0 || (yield* agree(plan, given))
  const removed = agreed ? yield* progress.during("Forgetting", "entries", (meter) => forget(plan, meter)) : 0
  const synced = Option.isSome(yield* binding.get)
  yield* output.result({ matched: plan.entries, removed, unseen: plan.unseen }, () =>
    agreed ? outcome(plan, given, synced).join("\n") : "Nothing was forgotten."
  )
})

/** What is typed on a command line goes into the shell's own history; what a terminal is asked for, or a file holds, does not. */
const matchOf = Effect.fnUntraced(function* (given: ForgetGiven) {
  if (!Option.contains(given.match, INPUT)) return Option.getOrNull(given.match)
  const stdio = yield* Stdio
  const typed = stdio.inputIsTerminal
    ? Option.getOrElse(yield* stdio.ask("Forget what holds this text (it is not shown): ", { secret: true }), () => "")
    : RawText.fromBytes(yield* wholeInput(MOST_BYTES))
  if (typed.length > MOST_BYTES) {
    const hint = "Give a part of the command that no other one has."
    return yield* new UsageError({ what: "The text is too long", subject: "--match -, standard input", hint })
  }
  // What ends the last line is no part of it.
  const text = typed.replace(/\r?\n$/, "")
  if (text.trim() === "") return yield* emptyMatch("--match -, standard input")
  return text
})

/** No part of a command that tells it from others comes near this. */
const MOST_BYTES = 64 * 1024

const emptyMatch = (subject: string) =>
  new UsageError({
    what: "An empty text would mean everything",
    subject,
    hint: "An empty text is in every command. To forget a time: --since WHEN"
  })

const outcome = (plan: ForgetPlan, given: ForgetGiven, synced: boolean): ReadonlyArray<string> => {
  if (plan.rules.length === 0) return ["Nothing to forget: no entry is meant by that.", ...elsewhere(given, synced)]
  const others = "The other devices follow when they have synced: hx sync"
  return [
    ...(plan.entries > 0 ? [`Forgot ${entries(plan.entries)} here. ${others}`] : []),
    ...(plan.unseen > 0
      ? [`${counted(plan.unseen, "id is", "ids are")} of no entry here; what comes under it stays away.`]
      : []),
    ...(plan.entries + plan.unseen === 0 ? ["No entry here is of that time; what comes of it later stays away."] : []),
    ...elsewhere(given, synced)
  ]
}

/** A text is looked for among what is here, and in nothing that comes later. */
const elsewhere = (given: ForgetGiven, synced: boolean): ReadonlyArray<string> =>
  synced && Option.isSome(given.match)
    ? ["What other devices have recorded since the last pull was not looked through: hx sync, then the same once more."]
    : []

const check = (given: ForgetGiven): Effect.Effect<void, UsageError> => {
  const timed = Option.isSome(given.since) || Option.isSome(given.until)
  if (given.ids.length === 0 && Option.isNone(given.match) && !timed) {
    const hint = "Name ids, or say --match TEXT, --since WHEN or --until WHEN."
    return new UsageError({ what: "Nothing says what to forget", subject: "hx forget", hint })
  }
  if (Option.exists(given.match, (text) => text.trim() === "")) return emptyMatch("--match")
  if (given.allDevices && !timed) {
    const hint = "Ids and texts are forgotten on every device anyway; only --since and --until can be about one."
    return new UsageError({ what: "An option without the one it belongs to", subject: "--all-devices", hint })
  }
  if (given.allDevices && Option.isSome(given.device)) {
    const hint = "Name one device, or mean all of them."
    return new UsageError({ what: "One device and all of them", subject: "--device, and --all-devices", hint })
  }
  if (given.ids.length > 0 && Option.isSome(given.device)) {
    const hint = "An id names one entry, whichever device recorded it."
    return new UsageError({ what: "Ids of one device only", subject: "--device", hint })
  }
  return Effect.void
}

/** Whether it is to be done. Fails, with nothing changed, where nobody can be asked. */
const agree = Effect.fnUntraced(function* (plan: ForgetPlan, given: ForgetGiven) {
  const stdio = yield* Stdio
  const { history } = yield* HistoryDb
  const all = (yield* history.summary).entries
  const much = isMany(plan.entries, all) && !given.many
  if (given.yes && !much) return true
  if (!stdio.inputIsTerminal) {
    return yield* new UsageError(
      much
        ? {
            what: "So much is not forgotten without asking",
            subject: `${entries(plan.entries)} of ${countText(all)}`,
            hint: "If all of it is meant, say --many as well as --yes. hx export keeps a copy."
          }
        : {
            what: "Nobody can be asked whether to forget",
            subject: `${entries(plan.entries)}, and standard input is no terminal`,
            hint: "Say --yes to forget without being asked."
          }
    )
  }
  const { home } = yield* Paths
  const more = plan.entries - plan.sample.length
  const shown = `${yield* entryTable(plan.sample, home)}\n${more > 0 ? `and ${entries(more)} more\n` : ""}`
  if (much) {
    const question = `That is ${entries(plan.entries)} of ${countText(all)}, gone for good here and on every device. Type the number to forget them: `
    const typed = yield* stdio.ask(`${shown}\n${question}`)
    return Option.exists(typed, (text) => text.trim().replaceAll(/[,. ]/g, "") === String(plan.entries))
  }
  const answer = yield* stdio.ask(`${shown}\nForget ${entries(plan.entries)}, here and on every device? [y/N] `)
  return Option.exists(answer, (text) => /^y(es)?$/i.test(text.trim()))
})

const entries = (count: number): string => counted(count, "entry", "entries")
