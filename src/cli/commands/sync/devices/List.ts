import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../../CommandTree.ts"

export const list = leaf(
  Command.make(
    "list",
    {},
    lazily(() => import("../run/Devices.ts"))
  ),
  {
    summary: "The same as hx sync devices alone.",
    examples: ["sync devices list", "sync devices list --json"]
  }
)
