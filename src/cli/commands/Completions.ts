import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  shell: Args.choice<"zsh" | "bash" | "fish">(
    [
      ["zsh", "zsh"],
      ["bash", "bash"],
      ["fish", "fish"]
    ],
    { name: "SHELL" }
  ).pipe(Args.withDescription("The shell that reads them"))
}

export const completions = leaf(
  Command.make(
    "completions",
    options,
    lazily(() => import("./run/Completions.ts"))
  ),
  {
    summary: "Prints what a shell needs to complete the words of hx.",
    examples: [
      "completions zsh > ~/.zfunc/_hx",
      "completions bash > ~/.local/share/bash-completion/completions/hx",
      "completions fish > ~/.config/fish/completions/hx.fish"
    ]
  }
)
