import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"
import { dryRun } from "../../Options.ts"
import { verbose } from "./Verbose.ts"

const options = {
  force: Options.boolean("force").pipe(
    Options.withDescription("Also over a store that went back or does not open; never over another installation's work")
  ),
  dryRun,
  verbose
}

export const push = leaf(
  Command.make(
    "push",
    options,
    lazily(() => import("./run/Push.ts"))
  ),
  {
    summary: "Publishes what is new here.",
    examples: ["sync push", "sync push --verbose", "sync push --dry-run"]
  }
)
