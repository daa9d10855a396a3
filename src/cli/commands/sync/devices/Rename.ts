import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../../../CommandTree.ts"

const options = {
  names: Args.text({ name: "NAME" }).pipe(
    Args.withDescription("What the other devices call this one from now on"),
    Args.between(1, 2)
  )
}

export const rename = leaf(
  Command.make(
    "rename",
    options,
    lazily(() => import("../run/DevicesRename.ts"))
  ),
  {
    summary: "Gives this device another name, and publishes it.",
    examples: ["sync devices rename laptop", 'sync devices rename "the old laptop"']
  }
)
