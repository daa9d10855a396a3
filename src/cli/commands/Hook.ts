import * as Command from "@effect/cli/Command"
import { Effect } from "effect"
import type { Stdio } from "../../platform/Stdio.ts"
import { type CommandNode, group } from "../CommandTree.ts"
import type { Reportable } from "../ErrorReport.ts"
import type { Output } from "../Output.ts"
import { install } from "./hook/Install.ts"
import { printing } from "./hook/Print.ts"
import { uninstall } from "./hook/Uninstall.ts"

const children: ReadonlyArray<CommandNode<Reportable, Output | Stdio>> = [install, uninstall, ...printing]

export const hook = group(
  Command.make("hook", {}, () => Effect.void),
  {
    summary: "Records what you run in zsh, bash and fish as it happens, and gives it back with Ctrl-R.",
    examples: ["hook install", "hook zsh"],
    runs: false,
    reads: ["places", "shells"]
  },
  children
)
