import * as Command from "@effect/cli/Command"
import type { Progress } from "../../../platform/Progress.ts"
import type { Stdio } from "../../../platform/Stdio.ts"
import { type CommandNode, group, lazily } from "../../CommandTree.ts"
import type { Reportable } from "../../ErrorReport.ts"
import type { Output } from "../../Output.ts"
import { passphrase } from "./key/Passphrase.ts"
import { rotate } from "./key/Rotate.ts"

const children: ReadonlyArray<CommandNode<Reportable, Output | Progress | Stdio>> = [rotate, passphrase]

export const key = group(
  Command.make(
    "key",
    {},
    lazily(() => import("./run/Key.ts"))
  ),
  {
    summary: "Shows the recovery key, with which another device joins the vault.",
    examples: ["sync key", "sync key > recovery-key.txt"],
    runs: true
  },
  children
)
