/** Where the hook of a shell is kept, and which start-up file loads it. */

import { Effect, Option } from "effect"
import { isAbsolute, join } from "node:path"
import { Paths } from "../platform/Paths.ts"
import { firstVariable } from "../platform/Variables.ts"
import type { HookedShell } from "./HookedShells.ts"

export interface HookPlaces {
  /** The script, a file of hx's own. */
  readonly script: string
  /** What an interactive shell reads when it starts. */
  readonly rc: string
}

export const hookPlaces = Effect.fn("HookPlaces.of")(function* (shell: HookedShell) {
  const { data, home } = yield* Paths
  const directory = (name: string, fallback: string) =>
    Effect.map(firstVariable([name]), (set) =>
      Option.getOrElse(Option.filter(set, isAbsolute), () => join(home, fallback))
    )
  const script = join(data, "hooks", `hx.${shell}`)
  switch (shell) {
    case "zsh":
      return { script, rc: join(yield* directory("ZDOTDIR", ""), ".zshrc") } satisfies HookPlaces
    case "bash":
      return { script, rc: join(home, ".bashrc") } satisfies HookPlaces
    case "fish":
      return { script, rc: join(yield* directory("XDG_CONFIG_HOME", ".config"), "fish", "config.fish") }
  }
})
