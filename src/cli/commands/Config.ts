import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

export const config = leaf(
  Command.make(
    "config",
    {},
    lazily(() => import("./run/Config.ts"))
  ),
  {
    summary: "Shows every setting, its value, and where that came from.",
    examples: ["config", "config --json"],
    reads: ["places", "sync", "aws", "network"],
    exits: []
  }
)
