import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  background: Options.boolean("background").pipe(
    Options.withDescription("Say nothing, wait for nobody, and sync where HX_SYNC_INTERVAL says that it is time")
  )
}

export const ingest = leaf(
  Command.make(
    "ingest",
    options,
    lazily(() => import("./run/Ingest.ts"))
  ),
  {
    summary: "Takes in what the shells have recorded; every other command does it by itself.",
    examples: ["ingest", "ingest --background"],
    hidden: true
  }
)
