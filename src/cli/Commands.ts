/** Which commands there are. Each is a leaf in commands/; what it does is in commands/run, loaded when it is called. */

import * as Command from "@effect/cli/Command"
import { Effect } from "effect"
import { completions } from "./commands/Completions.ts"
import { completionValues } from "./commands/CompletionValues.ts"
import { config } from "./commands/Config.ts"
import { doctor } from "./commands/Doctor.ts"
import { exportHistory } from "./commands/Export.ts"
import { find } from "./commands/Find.ts"
import { forget } from "./commands/Forget.ts"
import { hook } from "./commands/Hook.ts"
import { help } from "./commands/Help.ts"
import { importHistory } from "./commands/Import.ts"
import { ingest } from "./commands/Ingest.ts"
import { last } from "./commands/Last.ts"
import { search } from "./commands/Search.ts"
import { pause } from "./commands/Pause.ts"
import { resume } from "./commands/Resume.ts"
import { show } from "./commands/Show.ts"
import { stats } from "./commands/Stats.ts"
import { status } from "./commands/Status.ts"
import { sync } from "./commands/Sync.ts"
import { type CommandNode, group } from "./CommandTree.ts"
import type { Reportable } from "./ErrorReport.ts"
import type { Manual } from "./Manual.ts"
import type { Output } from "./Output.ts"
import type { Progress } from "../platform/Progress.ts"
import type { Stdio } from "../platform/Stdio.ts"

/** In the order in which they are shown. What they need beyond their surroundings they load themselves. */
const children: ReadonlyArray<CommandNode<Reportable, Manual | Output | Progress | Stdio>> = [
  find,
  search,
  last,
  show,
  importHistory,
  exportHistory,
  forget,
  status,
  stats,
  hook,
  pause,
  resume,
  config,
  doctor,
  sync,
  help,
  completions,
  completionValues,
  ingest
]

export const hx = group(
  Command.make("hx", {}, () => Effect.void),
  {
    summary: "Shell history, found again and kept in step across machines, through a bucket or folder you own.",
    examples: ["import", 'find "docker run" --after yesterday'],
    runs: false,
    reads: ["places", "terminal"]
  },
  children
)
