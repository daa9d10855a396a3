/** The clock, and the bounds in time that --after, --before and --since set. */

import { Clock, Effect, Option } from "effect"
import { parseWhen } from "./When.ts"

/** µs since 1970. */
export const now = Effect.map(Clock.currentTimeMillis, (millis) => millis * 1000)

/** The moment that an option names, in µs since 1970; null where it was not given. */
export const momentOf = Effect.fn("Moments.of")(function* (option: Option.Option<string>) {
  return Option.isNone(option) ? null : yield* parseWhen(option.value, yield* now)
})

/** As filters of the history have them. */
export const boundsOf = Effect.fn("Moments.bounds")(function* (given: {
  readonly after: Option.Option<string>
  readonly before: Option.Option<string>
}) {
  const after = yield* momentOf(given.after)
  const before = yield* momentOf(given.before)
  return { ...(after === null ? {} : { after }), ...(before === null ? {} : { before }) }
})
