import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../../CommandTree.ts"

const options = {
  passphraseFile: Options.text("passphrase-file").pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription(
      "Holds the new passphrase; - is standard input. Also HX_SYNC_PASSPHRASE_FILE, HX_SYNC_PASSPHRASE; without any it is asked for twice"
    ),
    Options.optional
  ),
  remove: Options.boolean("remove").pipe(
    Options.withDescription("Takes the passphrase away: only the recovery key opens the vault then")
  )
}

export const passphrase = leaf(
  Command.make(
    "passphrase",
    options,
    lazily(() => import("../run/KeyPassphrase.ts"))
  ),
  {
    summary: "Sets, changes or removes the passphrase that opens the vault beside its key.",
    examples: ["sync key passphrase", "sync key passphrase --passphrase-file FILE", "sync key passphrase --remove"]
  }
)
