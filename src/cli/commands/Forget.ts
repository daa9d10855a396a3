import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"
import { yes } from "../Options.ts"

const options = {
  ids: Args.text({ name: "ID" }).pipe(
    Args.withDescription(
      "Entries to forget, as hx find --json names them; the beginning of an id will do where it is the only one"
    ),
    Args.repeated
  ),
  match: Options.text("match").pipe(
    Options.withPseudoName("TEXT"),
    Options.withDescription("Forget every entry whose command holds this text"),
    Options.optional
  ),
  since: Options.text("since").pipe(
    Options.withPseudoName("WHEN"),
    Options.withDescription("Forget what this device recorded from this moment until now: 15m, yesterday, 2023-03-01"),
    Options.optional
  ),
  allDevices: Options.boolean("all-devices").pipe(Options.withDescription("With --since: what any device recorded")),
  yes
}

export const forget = leaf(
  Command.make(
    "forget",
    options,
    lazily(() => import("./run/Forget.ts"))
  ),
  {
    summary: "Removes entries for good, here and at the next sync on every device.",
    examples: ['forget --match "export TOKEN="', "forget --since 15m --yes"]
  }
)
