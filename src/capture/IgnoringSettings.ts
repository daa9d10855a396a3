/** What the user wants to be kept out of the history, as the settings say. */

import { Effect } from "effect"
import { join, resolve } from "node:path"
import { Ignore, IgnoreDirectories } from "../platform/CaptureSettings.ts"
import { Paths } from "../platform/Paths.ts"
import { Settings } from "../platform/Settings.ts"
import type { Ignoring } from "./Ignoring.ts"

export type { Ignoring } from "./Ignoring.ts"

export const ignoring = Effect.gen(function* () {
  const { home } = yield* Paths
  const settings = yield* Settings
  const directories = yield* settings.get(IgnoreDirectories)
  return {
    patterns: yield* settings.get(Ignore),
    directories: directories.map((path) =>
      path === "~" || path.startsWith("~/") ? join(home, path.slice(1)) : resolve("/", path)
    )
  } satisfies Ignoring as Ignoring
})
