import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../../CommandTree.ts"

export const rotate = leaf(
  Command.make(
    "rotate",
    {},
    lazily(() => import("../run/KeyRotate.ts"))
  ),
  {
    summary: "Gives the vault a new key; the other devices stop until they have it.",
    examples: ["sync key rotate", "sync key rotate --json"]
  }
)
