import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../CommandTree.ts"
import { shells } from "./Shells.ts"
import { wishes } from "./Wishes.ts"

export const install = leaf(
  Command.make(
    "install",
    { shells, ...wishes },
    lazily(() => import("./run/Install.ts"))
  ),
  {
    summary: "Writes the hook of your shell, and one line into its start-up file that loads it.",
    examples: ["hook install", "hook install zsh fish --up"]
  }
)
