/** How recording is doing, for `hx status`. */

import { Effect } from "effect"
import { accessSync, constants, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Paths } from "../platform/Paths.ts"
import { type HookedShell, SHELLS } from "./HookedShells.ts"
import { hookPlaces } from "./HookPlaces.ts"
import { pausedSince } from "./Pause.ts"
import { hooksIn } from "./RcFile.ts"
import { type SpoolState, spoolState } from "./SpoolDirectory.ts"

export interface CaptureState {
  /** Whose start-up file loads the hook. */
  readonly shells: ReadonlyArray<HookedShell>
  /** In ms; null: it is not paused. */
  readonly paused: number | null
  readonly spool: SpoolState
  /** Whether shells can write their records; they say nothing where they cannot. */
  readonly writable: boolean
}

export const captureState = Effect.gen(function* () {
  const { data } = yield* Paths
  const spool = join(data, "spool")
  const places = yield* Effect.forEach(SHELLS, (shell) => Effect.map(hookPlaces(shell), ({ rc }) => ({ shell, rc })))
  return {
    shells: places.filter(({ rc, shell }) => hooksIn(textOf(rc), shell)).map(({ shell }) => shell),
    paused: yield* pausedSince,
    spool: spoolState(spool),
    writable: !existsSync(spool) || mayWrite(spool)
  } satisfies CaptureState as CaptureState
})

const textOf = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

const mayWrite = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
