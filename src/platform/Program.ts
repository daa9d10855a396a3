/** Where the program that is running is: an absolute path that can be run again, as npm linked it. */

import { Effect } from "effect"

export const programPath: Effect.Effect<string> = Effect.sync(() => process.argv[1] ?? "")
