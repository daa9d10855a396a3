import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  storage: Options.boolean("storage").pipe(
    Options.withDescription("Also how many bytes each kind of data takes, here and in the store")
  )
}

export const status = leaf(
  Command.make(
    "status",
    options,
    lazily(() => import("./run/Status.ts"))
  ),
  {
    summary: "Shows what this device holds and where.",
    // For --storage.
    reads: ["sync", "aws", "network"],
    examples: ["status", "status --storage"]
  }
)
