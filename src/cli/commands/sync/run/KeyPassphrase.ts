/**
 * What `hx sync key passphrase` does and says. With --json: { store, vaultId, fingerprint, outcome: "set" | "changed" | "removed" | "none",
 * number: which of the vault's keys it opens }.
 */

import { Effect, Option, Redacted } from "effect"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import { Stdio } from "../../../../platform/Stdio.ts"
import { type PassphraseReport, strongEnough } from "../../../../sync/Passphrase.ts"
import type { SecretText } from "../../../../sync/JoinKey.ts"
import { runPassphrase } from "../../../../sync/Sync.ts"
import { Output } from "../../../Output.ts"
import { prose } from "../../../Prose.ts"
import { printable } from "../../../Printable.ts"
import { services, wishes } from "../../../SyncLayers.ts"
import { UsageError } from "../../../UsageError.ts"
import { givenPassphrase } from "./GivenSecrets.ts"

export interface PassphraseGiven {
  readonly passphraseFile: Option.Option<string>
  readonly remove: boolean
}

/** What the user gives is read, and refused where it is too weak, before anything is opened. */
export const run = (given: PassphraseGiven) =>
  Effect.gen(function* () {
    const output = yield* Output
    const chosen = given.remove ? yield* nothingBeside(given) : yield* wanted(given.passphraseFile)
    const report = yield* Effect.provide(runPassphrase(chosen), services)
    const { epoch, outcome, store, vaultId } = report
    yield* output.result({ store, vaultId, fingerprint: fingerprintOf(vaultId), outcome, number: epoch }, () =>
      [HEADLINES[outcome](printable(store)), ...notes(report).map((note) => prose(note, output))].join("\n")
    )
  }).pipe(Effect.provide(wishes))

const nothingBeside = ({ passphraseFile }: PassphraseGiven) =>
  Option.isNone(passphraseFile)
    ? Effect.succeed(null)
    : Effect.fail(
        new UsageError({
          what: "Two options that do not go together",
          subject: "--remove, and --passphrase-file",
          hint: "Leave one of them out."
        })
      )

const wanted = Effect.fnUntraced(function* (file: Option.Option<string>) {
  const given = Option.getOrNull(yield* givenPassphrase(file)) ?? (yield* askTwice)
  yield* strongEnough(given)
  return given.text
})

const askTwice = Effect.gen(function* () {
  const stdio = yield* Stdio
  if (!stdio.inputIsTerminal || !stdio.errorIsTerminal) {
    return yield* new UsageError({
      what: "The new passphrase is missing",
      subject: "there is no terminal to ask on",
      hint: "Give it in a file: --passphrase-file FILE; or take the one there is away: --remove"
    })
  }
  const ask = (question: string) =>
    Effect.map(
      stdio.ask(question, { secret: true }),
      Option.getOrElse(() => "")
    )
  const source = "what was typed"
  const first = yield* ask("New passphrase, not shown while you type: ")
  yield* strongEnough({ source, text: Redacted.make(first) })
  if ((yield* ask("The same again: ")) !== first) {
    return yield* new UsageError({
      what: "The two passphrases differ",
      subject: source,
      hint: "Nothing was changed; run the command again."
    })
  }
  return { source, text: Redacted.make(first) } satisfies SecretText as SecretText
})

const HEADLINES: Readonly<Record<PassphraseReport["outcome"], (store: string) => string>> = {
  set: (store) => `The vault in ${store} has a passphrase now: it opens the vault beside the recovery key.`,
  changed: (store) => `The vault in ${store} has a new passphrase.`,
  removed: (store) => `The vault in ${store} has no passphrase any more: only the recovery key opens it.`,
  none: (store) => `The vault in ${store} has no passphrase; nothing was changed.`
}

const notes = ({ outcome }: PassphraseReport): ReadonlyArray<string> =>
  outcome === "changed" || outcome === "removed"
    ? [
        "Whoever has an old copy of vault.json can still open it with the old passphrase. Where somebody knows that passphrase who should not, also run: hx sync key rotate"
      ]
    : []
