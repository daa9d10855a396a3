import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  kind: Args.choice<"hosts" | "sessions" | "devices">(
    [
      ["hosts", "hosts"],
      ["sessions", "sessions"],
      ["devices", "devices"]
    ],
    { name: "KIND" }
  ).pipe(Args.withDescription("Of what"))
}

export const completionValues = leaf(
  Command.make(
    "completion-values",
    options,
    lazily(() => import("./run/CompletionValues.ts"))
  ),
  {
    summary: "Lists what the local history knows of, for completions; makes nothing and asks no store.",
    examples: ["completion-values hosts", "completion-values sessions"],
    hidden: true
  }
)
