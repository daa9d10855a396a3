import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"

const options = {
  store: Options.text("store").pipe(
    Options.withPseudoName("URL"),
    Options.withDescription(
      'Where: "s3://bucket/prefix?region=…" or folder:/path, in quotes. Otherwise HX_SYNC_STORE, the store in use, or a folder beside the history'
    ),
    Options.optional
  ),
  keyFile: Options.text("key-file").pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription(
      "Holds the recovery key of the vault to join; - is standard input. Also HX_SYNC_KEY_FILE, HX_SYNC_KEY"
    ),
    Options.optional
  ),
  passphraseFile: Options.text("passphrase-file").pipe(
    Options.withPseudoName("FILE"),
    Options.withDescription(
      "Holds the passphrase that opens the vault, or that a new vault gets. Also HX_SYNC_PASSPHRASE_FILE, HX_SYNC_PASSPHRASE"
    ),
    Options.optional
  ),
  noEncrypt: Options.boolean("no-encrypt").pipe(
    Options.withDescription("A new vault that whoever can read the store can read")
  ),
  restore: Options.boolean("restore").pipe(
    Options.withDescription(
      "Where the vault is archived (GLACIER): asks the store to make all of it readable for a week, by the standard tier"
    )
  ),
  device: Options.text("device").pipe(
    Options.withPseudoName("NAME"),
    Options.withDescription("What the other devices call this one; the machine's name without it"),
    Options.optional
  )
}

export const init = leaf(
  Command.make(
    "init",
    options,
    lazily(() => import("./run/Init.ts"))
  ),
  {
    summary: "Joins the vault in a store, or makes one there.",
    examples: [
      'sync init --store "s3://your-bucket/hx?region=us-west-2"',
      'sync init --store "s3://hx-sync?endpoint=localhost:9000&path_style=true" --key-file recovery-key.txt',
      'sync init --store "folder:/mnt/shared/hx" --device laptop'
    ]
  }
)
