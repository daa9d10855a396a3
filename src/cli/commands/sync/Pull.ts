import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"
import { dryRun } from "../../Options.ts"
import { verbose } from "./Verbose.ts"

const options = {
  force: Options.boolean("force").pipe(
    Options.withDescription("Reads everything again, and a store that went back as it is; nothing local is lost")
  ),
  restore: Options.boolean("restore").pipe(
    Options.withDescription(
      "Asks the store to make archived objects (GLACIER) readable for a week, by the standard tier; a pull some hours later fetches them"
    )
  ),
  dryRun,
  verbose
}

export const pull = leaf(
  Command.make(
    "pull",
    options,
    lazily(() => import("./run/Pull.ts"))
  ),
  {
    summary: "Fetches what is new on the other devices.",
    examples: ["sync pull", "sync pull --verbose", "sync pull --force", "sync pull --restore"]
  }
)
