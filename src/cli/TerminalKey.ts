/** Asks the person at the terminal for a vault's key. What is typed is not shown. */

import { Effect, Layer, Option, Redacted } from "effect"
import { Stdio } from "../platform/Stdio.ts"
import { AskForKey } from "../sync/JoinKey.ts"
import { printable } from "./Printable.ts"

/** Nobody is asked unless there is a terminal to read from and one to ask on. */
export const askForKey = Layer.effect(
  AskForKey,
  Effect.map(Stdio, (stdio) => ({
    ask: ({ passphraseSet, store }) =>
      stdio.inputIsTerminal && stdio.errorIsTerminal
        ? Effect.map(stdio.ask(questionFor(store, passphraseSet), { secret: true }), toSecret)
        : Effect.succeed(Option.none())
  }))
)

const questionFor = (store: string, passphraseSet: boolean): string => {
  const wanted = passphraseSet ? "Recovery key (hx1…) or passphrase" : "Recovery key (hx1…)"
  return `The vault in ${printable(store)} is encrypted.\n${wanted}, not shown while you type: `
}

const toSecret = (line: Option.Option<string>) =>
  line.pipe(
    Option.filter((text) => text.trim() !== ""),
    Option.map((text) => ({ source: "what was typed", text: Redacted.make(text) }))
  )
