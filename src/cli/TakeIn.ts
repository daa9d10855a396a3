/** Taking in what shells have recorded, on the way of another command: loaded only where there is something. */

import { Duration, Effect, Logger, LogLevel } from "effect"
import { ingest } from "../capture/Ingest.ts"
import { Settings } from "../platform/Settings.ts"

/** Another hx may be at work for long: then it takes in what is there, or the next command does. */
const PATIENCE = Duration.millis(500)

/** What is wrong with settings is told by the commands that are about them. */
export const takeIn = ingest({ wait: PATIENCE }).pipe(
  Effect.provide(Settings.layer),
  Logger.withMinimumLogLevel(LogLevel.Error)
)
