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
    Options.withDescription(
      "Forget every entry whose command holds this text as it stands, of any device; - reads it from standard input, or asks for it unseen"
    ),
    Options.optional
  ),
  since: Options.text("since").pipe(
    Options.withPseudoName("WHEN"),
    Options.withDescription("Forget what this device recorded from this moment on: 15m, yesterday, 2023-03-01"),
    Options.optional
  ),
  until: Options.text("until").pipe(
    Options.withPseudoName("WHEN"),
    Options.withDescription("Forget what this device recorded up to this moment, and no later than now"),
    Options.optional
  ),
  device: Options.text("device").pipe(
    Options.withPseudoName("DEVICE"),
    Options.withDescription("With --match, --since or --until: only what that device recorded; its name or id"),
    Options.optional
  ),
  allDevices: Options.boolean("all-devices").pipe(
    Options.withDescription("With --since or --until: what any device recorded")
  ),
  many: Options.boolean("many").pipe(
    Options.withDescription("Agree to more than 1,000 entries, or a tenth of the history (of 100 or more)")
  ),
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
    examples: [
      'forget --match "export TOKEN="',
      "forget --match -",
      "forget --since 15m --yes",
      "forget --since 2023-03-01 --until 2023-04-01 --device laptop"
    ]
  }
)
