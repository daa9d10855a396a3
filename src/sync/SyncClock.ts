/** Time as sync writes it down. */

import { Clock, Effect } from "effect"

/** Microseconds since 1970. */
export const nowMicros = Effect.map(Clock.currentTimeMillis, (millis) => millis * 1000)
