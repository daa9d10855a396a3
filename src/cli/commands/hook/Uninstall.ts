import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../CommandTree.ts"
import { shells } from "./Shells.ts"

export const uninstall = leaf(
  Command.make(
    "uninstall",
    { shells },
    lazily(() => import("./run/Uninstall.ts"))
  ),
  {
    summary: "Takes the hooks away, and leaves the start-up files byte for byte as they were.",
    examples: ["hook uninstall", "hook uninstall bash"]
  }
)
