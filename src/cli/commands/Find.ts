import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"
import { after, before, orElse, query, wholeNumber } from "../Options.ts"

const options = {
  query,
  after,
  before,
  exit: wholeNumber("exit").pipe(Options.withDescription("Only what ended with this exit code"), Options.optional),
  cwd: Options.text("cwd").pipe(
    Options.withPseudoName("DIR"),
    Options.withDescription("Only what ran in this directory; . is this one"),
    Options.optional
  ),
  host: Options.text("host").pipe(
    Options.withPseudoName("HOST"),
    Options.withDescription("Only what ran on this host"),
    Options.optional
  ),
  session: Options.text("session").pipe(
    Options.withPseudoName("SESSION"),
    Options.withDescription("Only what ran in this session"),
    Options.optional
  ),
  limit: wholeNumber("limit").pipe(Options.withDescription("At most this many; 0 for all"), orElse(50)),
  format: Options.choice("format", ["table", "command", "null"]).pipe(
    Options.withDescription("A table, the commands alone, or the commands as raw bytes with a NUL after each"),
    orElse("table")
  )
}

export const find = leaf(
  Command.make(
    "find",
    options,
    lazily(() => import("./run/Find.ts"))
  ),
  {
    summary: "Finds commands by what they hold, newest first.",
    examples: [
      'find "docker run" --after yesterday',
      "find --exit 1 --cwd . --limit 10",
      "find git push --format null | xargs -0 -n1 echo"
    ]
  }
)
