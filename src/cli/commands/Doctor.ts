import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  offline: Options.boolean("offline").pipe(Options.withDescription("Leaves the store alone"))
}

export const doctor = leaf(
  Command.make(
    "doctor",
    options,
    lazily(() => import("./run/Doctor.ts"))
  ),
  {
    summary: "Looks at this machine's hx from all sides: what is wrong, and how to mend it.",
    examples: ["doctor", "doctor --offline"],
    reads: ["places", "shells", "sync", "aws", "network"],
    exits: [3, 5, 6]
  }
)
