/** Which commands there are. Each is a leaf in commands/; what it does is in commands/run, loaded when it is called. */

import * as Command from "@effect/cli/Command"
import { Effect } from "effect"
import { exportHistory } from "./commands/Export.ts"
import { find } from "./commands/Find.ts"
import { forget } from "./commands/Forget.ts"
import { importHistory } from "./commands/Import.ts"
import { last } from "./commands/Last.ts"
import { show } from "./commands/Show.ts"
import { stats } from "./commands/Stats.ts"
import { status } from "./commands/Status.ts"
import { sync } from "./commands/Sync.ts"
import { group } from "./CommandTree.ts"

export const hx = group(
  Command.make("hx", {}, () => Effect.void),
  {
    summary: "Shell history, found again and kept in step across machines, through a bucket or folder you own.",
    examples: ["import", 'find "docker run" --after yesterday'],
    runs: false
  },
  [find, last, show, importHistory, exportHistory, forget, status, stats, sync]
)
