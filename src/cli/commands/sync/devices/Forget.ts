import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../../../CommandTree.ts"
import { yes } from "../../../Options.ts"

const options = {
  device: Args.text({ name: "DEVICE" }).pipe(
    Args.withDescription("Its name, its id, or the beginning of its id, as hx sync devices shows them")
  ),
  acceptLoss: Options.boolean("accept-loss").pipe(
    Options.withDescription("Also where something that it has published can be read nowhere any more")
  ),
  yes
}

export const forget = leaf(
  Command.make(
    "forget",
    options,
    lazily(() => import("../run/DevicesForget.ts"))
  ),
  {
    summary: "Retires a device that is gone: this one takes its history over, and its objects are deleted.",
    examples: ["sync devices forget old-laptop", "sync devices forget 3f9a12c4 --yes"]
  }
)
