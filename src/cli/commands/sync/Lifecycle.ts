import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../CommandTree.ts"
import { yes } from "../../Options.ts"

const options = {
  apply: Options.boolean("apply").pipe(
    Options.withDescription("Puts the rules into the bucket, beside those of others; asks first")
  ),
  yes
}

export const lifecycle = leaf(
  Command.make(
    "lifecycle",
    options,
    lazily(() => import("./run/Lifecycle.ts"))
  ),
  {
    summary: "Prints lifecycle rules that are safe for the bucket, as aws s3api takes them, or applies them.",
    examples: ["sync lifecycle", "sync lifecycle --apply", "sync lifecycle --apply --yes --json"]
  }
)
