import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"
import { dryRun } from "../Options.ts"

const options = {
  file: Options.text("file").pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription(
      "The history file; - is standard input. Without it: this user's own, where the shells keep them"
    ),
    Options.optional
  ),
  format: Options.choice("format", ["zsh", "bash", "fish", "json", "jsonl"]).pipe(
    Options.withDescription("What the file is, where its content would tell otherwise"),
    Options.optional
  ),
  host: Options.text("host").pipe(
    Options.withPseudoName("HOST"),
    Options.withDescription("Where its commands ran, if not here"),
    Options.optional
  ),
  dryRun
}

export const importHistory = leaf(
  Command.make(
    "import",
    options,
    lazily(() => import("./run/Import.ts"))
  ),
  {
    summary: "Takes in history files of zsh, bash and fish, and backups of hx; nothing twice.",
    examples: ["import", "import --file hx-backup.json", "import --file old-laptop-history --format zsh --host laptop"],
    reads: ["shells"],
    exits: [5, 8]
  }
)
