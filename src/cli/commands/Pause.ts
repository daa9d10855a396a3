import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

export const pause = leaf(
  Command.make(
    "pause",
    {},
    lazily(() => import("./run/Pause.ts"))
  ),
  {
    summary: "Stops recording at once, in every open shell, until hx resume.",
    examples: ["pause", "pause --json"]
  }
)
