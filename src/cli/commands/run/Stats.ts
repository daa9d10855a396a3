/** What `hx stats` does and says. */

import { Effect, Option } from "effect"
import { resolve } from "node:path"
import { stats } from "../../../history/Stats.ts"
import { Paths } from "../../../platform/Paths.ts"
import { layer } from "../../HistoryLayers.ts"
import { boundsOf, now } from "../../Moments.ts"
import { Output } from "../../Output.ts"
import { parsePeriod } from "../../Period.ts"
import { UsageError } from "../../UsageError.ts"
import { statsJson } from "./StatsJson.ts"
import { statsText } from "./StatsText.ts"

export interface StatsGiven {
  readonly period: Option.Option<string>
  readonly after: Option.Option<string>
  readonly before: Option.Option<string>
  readonly host: Option.Option<string>
  readonly cwd: Option.Option<string>
  readonly session: Option.Option<string>
  readonly top: number
}

export const run = (given: StatsGiven) => Effect.provide(countAndTell(given), layer)

const countAndTell = Effect.fnUntraced(function* (given: StatsGiven) {
  yield* check(given)
  const output = yield* Output
  const paths = yield* Paths
  const at = yield* now
  const filters = {
    ...(Option.isSome(given.period) ? yield* parsePeriod(given.period.value, at) : yield* boundsOf(given)),
    ...(Option.isSome(given.host) ? { host: given.host.value } : {}),
    ...(Option.isSome(given.cwd) ? { cwd: resolve(paths.workingDirectory, given.cwd.value) } : {}),
    ...(Option.isSome(given.session) ? { session: given.session.value } : {})
  }
  const found = yield* stats({ ...filters, top: given.top, now: at })
  const shown = { found, filters, now: at, home: paths.home }
  yield* output.result(statsJson(shown), () => statsText(shown, output))
})

const check = ({ after, before, period, top }: StatsGiven): Effect.Effect<void, UsageError> => {
  if (top < 0 || top > MOST) {
    const hint = `Write a whole number from 0 to ${MOST}.`
    return new UsageError({ what: "Not a length of lists", subject: `--top ${top}`, hint })
  }
  const other = Option.isSome(after) ? "--after" : Option.isSome(before) ? "--before" : undefined
  if (Option.isSome(period) && other !== undefined) {
    const subject = `--period and ${other}`
    return new UsageError({ what: "Two periods at once", subject, hint: "Leave one of them out." })
  }
  return Effect.void
}

const MOST = 1_000
