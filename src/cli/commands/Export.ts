import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"
import { after, before, orElse } from "../Options.ts"

const options = {
  file: Options.text("file").pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription("Where to; - is standard output. A file that exists is replaced once the new one is whole")
  ),
  format: Options.choice("format", ["json", "jsonl", "csv", "zsh", "bash", "fish"]).pipe(
    Options.withDescription("json is the backup that hx import takes back without loss"),
    orElse("json")
  ),
  after,
  before
}

export const exportHistory = leaf(
  Command.make(
    "export",
    options,
    lazily(() => import("./run/Export.ts"))
  ),
  {
    summary: "Writes the history to a file: a backup, or a shell's own format.",
    examples: ["export --file hx-backup.json", "export --file - --format csv --after 2026-01-01"]
  }
)
