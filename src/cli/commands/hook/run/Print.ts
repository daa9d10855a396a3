/** What `hx hook zsh` and its siblings do and say: the script on standard output. With --json: { shell, script }. */

import { Effect } from "effect"
import { hookScript } from "../../../../capture/HookScript.ts"
import type { HookedShell } from "../../../../capture/HookedShells.ts"
import { programPath } from "../../../../platform/Program.ts"
import { Output } from "../../../Output.ts"

export const run = Effect.fnUntraced(function* (
  shell: HookedShell,
  { noCtrlR, up }: { readonly noCtrlR: boolean; readonly up: boolean }
) {
  const { json, result, terminal } = yield* Output
  const script = hookScript(shell, { program: yield* programPath, ctrlR: !noCtrlR, up })
  yield* result({ shell, script }, () => script)
  if (terminal && !json) yield* Effect.logInfo(`Nothing is installed yet: hx hook install ${shell}`)
})
