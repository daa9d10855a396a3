import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

export const stats = leaf(
  Command.make(
    "stats",
    {},
    lazily(() => import("./run/Stats.ts"))
  ),
  {
    summary: "Counts the history: entries, commands, days, hosts, and the commands used most.",
    examples: ["stats", "stats --json"]
  }
)
