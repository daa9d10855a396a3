import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../CommandTree.ts"

export const key = leaf(
  Command.make(
    "key",
    {},
    lazily(() => import("./run/Key.ts"))
  ),
  {
    summary: "Shows the recovery key, with which another device joins the vault.",
    examples: ["sync key", "sync key > recovery-key.txt"]
  }
)
