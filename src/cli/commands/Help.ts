import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  words: Args.text({ name: "TOPIC" }).pipe(
    Args.withDescription("A command, with its subcommand, or a topic; without any, what hx --help shows"),
    Args.repeated
  )
}

export const help = leaf(
  Command.make(
    "help",
    options,
    lazily(() => import("./run/Help.ts"))
  ),
  {
    summary: "Explains a command, or a topic such as stores or security.",
    examples: ["help sync push", "help environment"]
  }
)
