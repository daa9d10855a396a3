/** Taking in what shells have recorded, on the way of another command: loaded only where there is something. */

import { type Duration, Effect, Logger, LogLevel } from "effect"
import { ingest } from "../capture/Ingest.ts"
import { Settings } from "../platform/Settings.ts"

/** `wait`: for another hx that is at work. What is wrong with settings is told by the commands that are about them. */
export const takeIn = (wait: Duration.DurationInput) =>
  ingest({ wait }).pipe(Effect.provide(Settings.layer), Logger.withMinimumLogLevel(LogLevel.Error))
