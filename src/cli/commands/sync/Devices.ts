import * as Command from "@effect/cli/Command"
import type { Progress } from "../../../platform/Progress.ts"
import type { Stdio } from "../../../platform/Stdio.ts"
import { type CommandNode, group, lazily } from "../../CommandTree.ts"
import type { Reportable } from "../../ErrorReport.ts"
import type { Output } from "../../Output.ts"
import { forget } from "./devices/Forget.ts"
import { list } from "./devices/List.ts"
import { rename } from "./devices/Rename.ts"

const children: ReadonlyArray<CommandNode<Reportable, Output | Progress | Stdio>> = [list, rename, forget]

export const devices = group(
  Command.make(
    "devices",
    {},
    lazily(() => import("./run/Devices.ts"))
  ),
  {
    summary: "All devices of the vault: what each has published, when, and how far behind this one is.",
    examples: ["sync devices", "sync devices --json"],
    runs: true
  },
  children
)
