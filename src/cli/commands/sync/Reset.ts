import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"
import { yes } from "../../Options.ts"

const options = {
  forgetKey: Options.boolean("forget-key").pipe(
    Options.withDescription("Also forgets the vault's key, which only the recovery key brings back; asks first")
  ),
  yes
}

export const reset = leaf(
  Command.make(
    "reset",
    options,
    lazily(() => import("./run/Reset.ts"))
  ),
  {
    summary: "Forgets the store and how far sync was; never the history, the device's id or the key.",
    examples: ["sync reset", "sync reset --forget-key"]
  }
)
