import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"

const options = {
  verbose: Options.boolean("verbose").pipe(
    Options.withDescription(
      "Also each device and how far behind it we are, what the last pull did, and this month's requests"
    )
  ),
  detailed: Options.boolean("detailed").pipe(
    Options.withDescription(
      "All of --verbose, and what the store holds by device and by kind, and about what it costs a month"
    )
  ),
  lastSync: Options.boolean("last-sync").pipe(
    Options.withDescription("Only when this device last pushed and pulled; asks nobody")
  )
}

export const status = leaf(
  Command.make(
    "status",
    options,
    lazily(() => import("./run/Status.ts"))
  ),
  {
    summary:
      "Shows store, vault, device, last push and pull, what is pending, and whether the store answers: exit code 0 either way.",
    examples: ["sync status", "sync status --verbose", "sync status --detailed", "sync status --last-sync"]
  }
)
