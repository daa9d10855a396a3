/** What `hx hook uninstall` does and says. With --json: { hooks: [{ shell, rc, script, changed, backup: null }] } of those that had one. */

import { Effect } from "effect"
import { type HookedShell, SHELLS } from "../../../../capture/HookedShells.ts"
import { type HookChange, uninstallHook } from "../../../../capture/HookInstall.ts"
import { Paths } from "../../../../platform/Paths.ts"
import { Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"

export const run = ({ shells }: { readonly shells: ReadonlyArray<HookedShell> }) =>
  Effect.provide(uninstallAndTell(shells), Paths.layer)

const uninstallAndTell = Effect.fnUntraced(function* (shells: ReadonlyArray<HookedShell>) {
  const output = yield* Output
  const ended = yield* Effect.forEach(shells.length > 0 ? [...new Set(shells)] : SHELLS, uninstallHook)
  const hooks = ended.filter(({ had }) => had).map(({ change }) => change)
  yield* output.result({ hooks: hooks.map((change) => ({ ...change })) }, () =>
    hooks.length === 0 ? "No hook is installed." : hooks.map(toldOf).join("\n")
  )
})

const toldOf = ({ changed, rc, script, shell }: HookChange): string =>
  changed
    ? `${shell}: ${printable(rc)} is as it was, and ${printable(script)} is gone. Open shells are recorded until they end.`
    : `${shell}: ${printable(script)} is gone; ${printable(rc)} did not load it.`
