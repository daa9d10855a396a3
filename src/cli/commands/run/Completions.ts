/**
 * What `hx completions` does and says: the script on standard output, and to a person at a terminal also what to do with it.
 *
 * With --json: `{ "version": 1, "shell": …, "script": … }`.
 */

import { Effect } from "effect"
import { placesOf } from "../../Completions.ts"
import { bashCompletions } from "../../CompletionsBash.ts"
import { fishCompletions } from "../../CompletionsFish.ts"
import { zshCompletions } from "../../CompletionsZsh.ts"
import { Manual } from "../../Manual.ts"
import { Output } from "../../Output.ts"

type Shell = "zsh" | "bash" | "fish"

export const run = Effect.fnUntraced(function* ({ shell }: { readonly shell: Shell }) {
  const { json, result, terminal } = yield* Output
  const { root, version } = yield* Manual
  const script = GENERATORS[shell](placesOf(root), version)
  yield* result({ shell, script }, () => script)
  if (terminal && !json) for (const line of ADVICE[shell]) yield* Effect.logInfo(line)
})

const GENERATORS = { zsh: zshCompletions, bash: bashCompletions, fish: fishCompletions } as const

const ADVICE: Readonly<Record<Shell, ReadonlyArray<string>>> = {
  zsh: [
    "Nothing is installed yet. Put the line below into ~/.zshrc, after compinit:",
    "  source <(hx completions zsh)",
    "or write the text to a file named _hx in a directory of $fpath."
  ],
  bash: [
    "Nothing is installed yet. Put the line below into ~/.bashrc:",
    "  source <(hx completions bash)",
    "or, where the bash-completion package is:",
    "  hx completions bash > ~/.local/share/bash-completion/completions/hx"
  ],
  fish: ["Nothing is installed yet. Run:", "  hx completions fish > ~/.config/fish/completions/hx.fish"]
}
