import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

export const last = leaf(
  Command.make(
    "last",
    {},
    lazily(() => import("./run/Last.ts"))
  ),
  {
    summary: "Shows the last session, and what failed in it.",
    examples: ["last", "last --json"]
  }
)
