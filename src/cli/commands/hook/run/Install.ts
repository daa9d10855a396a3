/**
 * What `hx hook install` does and says. With --json: { hooks: [{ shell, rc: the start-up file, script, changed: whether the start-up file was, backup:
 * where it is kept as it was, or null }] }.
 */

import { Effect, Option } from "effect"
import { basename } from "node:path"
import { type HookedShell, SHELLS } from "../../../../capture/HookedShells.ts"
import { type HookChange, installHook } from "../../../../capture/HookInstall.ts"
import { Paths } from "../../../../platform/Paths.ts"
import { programPath } from "../../../../platform/Program.ts"
import { variable } from "../../../../platform/Variables.ts"
import { Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { UsageError } from "../../../UsageError.ts"

export interface InstallGiven {
  readonly shells: ReadonlyArray<HookedShell>
  readonly noCtrlR: boolean
  readonly up: boolean
}

export const run = (given: InstallGiven) => Effect.provide(installAndTell(given), Paths.layer)

const installAndTell = Effect.fnUntraced(function* ({ noCtrlR, shells, up }: InstallGiven) {
  const output = yield* Output
  const wanted = shells.length > 0 ? [...new Set(shells)] : [yield* loginShell]
  const wishes = { program: yield* programPath, ctrlR: !noCtrlR, up }
  const changes = yield* Effect.forEach(wanted, (shell) => installHook(shell, wishes))
  yield* output.result({ hooks: changes.map((change) => ({ ...change })) }, () => changes.map(toldOf).join("\n\n"))
})

const toldOf = ({ backup, changed, rc, script, shell }: HookChange): string =>
  [
    changed
      ? `${shell}: one line at the end of ${printable(rc)} loads ${printable(script)} now.`
      : `${shell}: ${printable(rc)} loads the hook already; ${printable(script)} is written anew.`,
    ...(backup === null ? [] : [`The file as it was is kept in ${printable(backup)}.`]),
    `Shells that are open are not recorded yet: exec ${shell}`
  ].join("\n")

/** The shell that the user is known to use. */
const loginShell = Effect.gen(function* () {
  const path = Option.getOrElse(yield* variable("SHELL"), () => "")
  const shell = SHELLS.find((each) => each === basename(path))
  if (shell !== undefined) return shell
  return yield* new UsageError({
    what: "It is not known which shell to install into",
    subject: path === "" ? "SHELL is not set" : `SHELL=${path}`,
    hint: `Name it: hx hook install ${SHELLS.join("|")}`
  })
})
