import * as Command from "@effect/cli/Command"
import type { Progress } from "../../platform/Progress.ts"
import type { Stdio } from "../../platform/Stdio.ts"
import { type CommandNode, group, lazily } from "../CommandTree.ts"
import type { Reportable } from "../ErrorReport.ts"
import type { Output } from "../Output.ts"
import { check } from "./sync/Check.ts"
import { devices } from "./sync/Devices.ts"
import { init } from "./sync/Init.ts"
import { key } from "./sync/Key.ts"
import { lifecycle } from "./sync/Lifecycle.ts"
import { pull } from "./sync/Pull.ts"
import { push } from "./sync/Push.ts"
import { reset } from "./sync/Reset.ts"
import { status } from "./sync/Status.ts"
import { verify } from "./sync/Verify.ts"

/** What they need beyond their surroundings they load themselves: SyncLayers.ts. */
const children: ReadonlyArray<CommandNode<Reportable, Output | Progress | Stdio>> = [
  init,
  push,
  pull,
  status,
  check,
  verify,
  devices,
  key,
  lifecycle,
  reset
]

export const sync = group(
  Command.make(
    "sync",
    {},
    lazily(() => import("./sync/run/Sync.ts"))
  ),
  {
    summary: "Keeps this device in step with the others: pulls, then pushes.",
    examples: ["sync", 'sync init --store "s3://your-bucket/hx?region=us-west-2"'],
    runs: true,
    reads: ["sync", "aws", "network"],
    exits: [3, 4, 5, 6, 7, 8]
  },
  children
)
