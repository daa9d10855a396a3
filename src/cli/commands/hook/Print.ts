import * as Command from "@effect/cli/Command"
import { SHELLS } from "../../../capture/HookedShells.ts"
import { lazily, leaf } from "../../CommandTree.ts"
import { wishes } from "./Wishes.ts"

/** One command for each shell. */
export const printing = SHELLS.map((shell) =>
  leaf(
    Command.make(
      shell,
      wishes,
      lazily(async () => {
        const { run } = await import("./run/Print.ts")
        return { run: (given: { readonly noCtrlR: boolean; readonly up: boolean }) => run(shell, given) }
      })
    ),
    {
      summary: `Prints the hook for ${shell}, to be loaded by a start-up file that you write yourself.`,
      examples: [`hook ${shell}`, `hook ${shell} --up`]
    }
  )
)
