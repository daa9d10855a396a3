/** What `hx sync reset` does and says. */

import { Effect, Option } from "effect"
import { Stdio } from "../../../../platform/Stdio.ts"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import { underLock } from "../../../../sync/DeviceLock.ts"
import { reset, type ResetReport } from "../../../../sync/Reset.ts"
import * as SyncState from "../../../../sync/SyncState.ts"
import { Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { UsageError } from "../../../UsageError.ts"

export interface ResetGiven {
  readonly forgetKey: boolean
  readonly yes: boolean
}

export const run = (given: ResetGiven) =>
  Effect.gen(function* () {
    const output = yield* Output
    if (given.forgetKey && !given.yes && !(yield* agreed)) {
      return yield* output.result({ store: null, keyForgotten: false, done: false }, () => "Nothing was forgotten.")
    }
    const report = yield* underLock(reset({ forgetKey: given.forgetKey }))
    yield* output.result({ store: Option.getOrNull(report.store), keyForgotten: report.keyForgotten, done: true }, () =>
      resetLines(report).join("\n")
    )
  }).pipe(Effect.provide(layer))

/** Whether the person at the terminal wants the key forgotten; nobody there is a no that has to be said aloud. */
const agreed = Effect.gen(function* () {
  const stdio = yield* Stdio
  const home = yield* SyncState.homeVault.get
  if (!Option.exists(home, (vault) => vault.encrypted)) return true
  if (!stdio.inputIsTerminal || !stdio.errorIsTerminal) {
    return yield* new UsageError({
      what: "Forgetting the key has to be confirmed, and there is no terminal to ask on",
      subject: "--forget-key",
      hint: 'Keep the recovery key ("hx sync key"), then add --yes.'
    })
  }
  const vault = Option.match(home, { onNone: () => "", onSome: ({ vaultId }) => ` ${fingerprintOf(vaultId)}` })
  const answer = yield* stdio.ask(
    `Without its recovery key nobody can read the vault${vault} again. Is the key kept elsewhere, and to be forgotten here? [y/N] `
  )
  return Option.exists(answer, (text) => /^y(es)?$/i.test(text.trim()))
})

const resetLines = (report: ResetReport): ReadonlyArray<string> => [
  Option.match(report.store, {
    onNone: () => "There was no store to forget.",
    onSome: (store) => `Forgot the store ${printable(store)}, and how far sync was. History and device id are kept.`
  }),
  ...(report.keyForgotten ? ["Forgot the vault's key: joining again needs the recovery key."] : []),
  ...(Option.isSome(report.store) ? ['To go on: hx sync init --store "URL", then hx sync pull'] : [])
]
