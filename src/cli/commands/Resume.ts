import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

export const resume = leaf(
  Command.make(
    "resume",
    {},
    lazily(() => import("./run/Resume.ts"))
  ),
  {
    summary: "Goes on recording after hx pause.",
    examples: ["resume", "resume --json"]
  }
)
