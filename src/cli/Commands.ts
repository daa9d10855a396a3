/** Which commands there are. Each is a leaf in commands/; what it needs to run is given by bin.ts. */

import * as Command from "@effect/cli/Command"
import { Effect } from "effect"
import { sync } from "./commands/Sync.ts"
import { group } from "./CommandTree.ts"

export const hx = () =>
  group(
    Command.make("hx", {}, () => Effect.void),
    {
      summary: "Shell history, found again and kept in step across machines, through a bucket or folder you own.",
      examples: ["import", 'find "docker run" --after yesterday'],
      runs: false
    },
    [sync]
  )
