import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"
import { verbose } from "./Verbose.ts"

const options = {
  repair: Options.boolean("repair").pipe(
    Options.withDescription(
      "Publishes again what is bad or missing of this device, and deletes what it left behind; touches nothing of others"
    )
  ),
  verbose
}

export const verify = leaf(
  Command.make(
    "verify",
    options,
    lazily(() => import("./run/Verify.ts"))
  ),
  {
    summary: "Reads every object of the vault and proves it; names each gap, and who can repair it.",
    examples: ["sync verify", "sync verify --repair", "sync verify --json"]
  }
)
