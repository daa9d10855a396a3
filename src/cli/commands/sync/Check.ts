import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"

const options = {
  store: Options.text("store").pipe(
    Options.withPseudoName("URL"),
    Options.withDescription("Which store, as for init; without it the one in use, or HX_SYNC_STORE"),
    Options.optional
  ),
  readOnly: Options.boolean("read-only").pipe(
    Options.withDescription("Writes nothing; with --policy: the policy of a device that only pulls")
  ),
  policy: Options.boolean("policy").pipe(
    Options.withDescription(
      "Asks nobody, and prints the IAM policy that hx needs for this bucket and prefix, and no more"
    )
  ),
  extras: Options.choice("with", ["versions", "restore", "lifecycle"]).pipe(
    Options.withDescription(
      "Adds to the policy: deleting what is forgotten from older versions, restoring from GLACIER, setting the bucket's lifecycle"
    ),
    Options.repeated
  )
}

export const check = leaf(
  Command.make(
    "check",
    options,
    lazily(() => import("./run/Check.ts"))
  ),
  {
    summary: "Tries a store step by step, from its name to the vault in it, and says what to do where one fails.",
    examples: [
      "sync check",
      'sync check --store "s3://your-bucket/hx?region=us-west-2"',
      "sync check --policy --with versions > policy.json"
    ]
  }
)
