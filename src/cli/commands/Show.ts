import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  id: Args.text({ name: "ID" }).pipe(
    Args.withDescription("The entry's id, or enough of its beginning to be the only one")
  )
}

export const show = leaf(
  Command.make(
    "show",
    options,
    lazily(() => import("./run/Show.ts"))
  ),
  {
    summary: "Shows all that is known of one entry.",
    examples: ["show 3f9c1a", "show 3f9c1a --json"]
  }
)
