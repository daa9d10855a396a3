/**
 * The passphrase of a vault: its newest key, wrapped in vault.json. Setting, changing and removing it changes that one object; an old copy of it
 * still opens with the old passphrase, until the key is rotated.
 */

import { Effect, Redacted } from "effect"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { Entropy } from "../platform/Entropy.ts"
import { oweOlderVault, payDebts } from "./Debts.ts"
import { rememberVault } from "./KnownVault.ts"
import type { SecretText } from "./JoinKey.ts"
import { VaultMismatch, WeakPassphrase } from "./SyncError.ts"
import { proveCurrent } from "./VaultDescriptorFetch.ts"
import { VaultSession } from "./VaultSession.ts"
import { swapDescriptor, untilSwapped } from "./VaultSwap.ts"

export interface PassphraseReport {
  readonly store: string
  readonly vaultId: string
  readonly outcome: "set" | "changed" | "removed" | "none"
  /** Which of the vault's keys it opens. */
  readonly epoch: number
}

/** Sets or replaces the passphrase, or with null removes it. The caller holds the device lock. */
export const changePassphrase = Effect.fn("Passphrase.change")(function* (passphrase: Redacted.Redacted | null) {
  const { binding, keyring, store } = yield* VaultSession
  const key = keyring.keys.get(keyring.epoch)
  if (key === undefined) return yield* withoutKey(store.display)
  return yield* untilSwapped(
    Effect.gen(function* () {
      const { descriptor, etag } = yield* proveCurrent
      const had = descriptor.passphrase !== null
      const report = (outcome: PassphraseReport["outcome"]): PassphraseReport => ({
        store: store.display,
        vaultId: binding.vaultId,
        outcome,
        epoch: keyring.epoch
      })
      if (passphrase === null && !had) return report("none")
      const next =
        passphrase === null
          ? VaultDescriptor.withoutPassphrase(descriptor, key)
          : yield* wrap(descriptor, key, passphrase)
      if (had) yield* oweOlderVault
      if (!(yield* swapDescriptor(next, etag))) return null
      yield* rememberVault(binding.location, next)
      yield* payDebts(false)
      return report(passphrase === null ? "removed" : had ? "changed" : "set")
    })
  )
})

/** What a vault without encryption has neither of. */
export const withoutKey = (store: string) =>
  new VaultMismatch({
    store,
    detail: "this vault is not encrypted: it has no key and no passphrase",
    hint: "an encrypted one begins with hx sync reset, and hx sync init on another prefix"
  })

/** Why a passphrase is too easily guessed, for people; null where it is good enough. Whoever has vault.json can try as many as they like. */
export const weaknessOf = (passphrase: string): string | null => {
  const text = passphrase.normalize("NFKC")
  const characters = [...text]
  if (text.trim() === "") return "it is empty"
  if (characters.length < MIN_CHARACTERS)
    return `it has ${characters.length} characters, and ${MIN_CHARACTERS} are the least`
  if (new Set(characters).size < MIN_DIFFERENT) return "it repeats a few characters"
  const steps = characters.slice(1).filter((each, index) => {
    const step = (each.codePointAt(0) ?? 0) - (characters[index]?.codePointAt(0) ?? 0)
    return Math.abs(step) > 1
  })
  if (steps.length < characters.length / 4) return "it is a sequence of neighbours"
  const bare = text.toLowerCase().replace(/[^a-z]/g, "")
  if (COMMON.some((word) => bare !== "" && bare.replaceAll(word, "") === ""))
    return "it is a common word with decoration"
  return null
}

/** A new passphrase that is good enough, or WeakPassphrase. */
export const strongEnough = ({ source, text }: SecretText) => {
  const detail = weaknessOf(Redacted.value(text))
  return detail === null ? Effect.void : Effect.fail(new WeakPassphrase({ source, detail }))
}

const MIN_CHARACTERS = 12
const MIN_DIFFERENT = 5

/** What people take first, however they adorn it. */
const COMMON = [
  "password",
  "passphrase",
  "passwort",
  "qwerty",
  "qwertyuiop",
  "asdfghjkl",
  "letmein",
  "welcome",
  "admin",
  "secret",
  "iloveyou",
  "changeme"
]

const wrap = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  key: Uint8Array,
  passphrase: Redacted.Redacted
) {
  const entropy = yield* Entropy
  return yield* VaultDescriptor.wrapWithPassphrase(descriptor, key, {
    passphrase: Redacted.value(passphrase),
    salt: yield* entropy.bytes(VaultDescriptor.PASSPHRASE_SALT_BYTES)
  })
})
