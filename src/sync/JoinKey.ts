/**
 * Where the key of a vault may come from when a device joins it, in this order: what the user gave for this very command, the settings, what this
 * device keeps from before, a passphrase, and last the person at the terminal. A key is proved against the vault's descriptor before anything is
 * written anywhere.
 */

import { Context, Effect, Layer, Option, Redacted } from "effect"
import type { Keyring } from "../format/Keyring.ts"
import { fingerprintOf, matches, type RecoveryKey } from "../format/RecoveryKey.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { KeyNeeded, ManifestCorrupt, VaultKeyRotated, WrongVaultKey } from "./SyncError.ts"
import { rotatedFrom } from "./VaultDescriptorFetch.ts"
import { parseKeyLines, VaultKeys } from "./VaultKeys.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"

/** Text that holds recovery keys or a passphrase, and where it came from, for messages. */
export interface SecretText {
  readonly source: string
  readonly text: Redacted.Redacted
}

export interface GivenSecrets {
  readonly key: Option.Option<SecretText>
  readonly passphrase: Option.Option<SecretText>
}

/** The person at the terminal, where there is one. */
export class AskForKey extends Context.Tag("hx/AskForKey")<
  AskForKey,
  {
    /** A recovery key or passphrase typed in; none without a terminal, or when nothing was typed. */
    readonly ask: (question: {
      readonly store: string
      readonly passphraseSet: boolean
    }) => Effect.Effect<Option.Option<SecretText>>
  }
>() {
  static readonly nobody = Layer.succeed(AskForKey, { ask: () => Effect.succeed(Option.none()) })
}

/** The keys of the vault that this descriptor describes; fails without writing anything where none of the sources opens it. */
export const findKeyring = Effect.fn("JoinKey.find")(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  given: GivenSecrets,
  store: string
) {
  const keys = yield* VaultKeys
  // A key that is given helps where the one kept here cannot be read.
  const kept = yield* Option.isSome(given.key)
    ? Effect.orElseSucceed(keys.load(descriptor.vault), () => Option.none<Keyring>())
    : keys.load(descriptor.vault)
  if (Option.isSome(kept) && kept.value.epoch > descriptor.epoch) {
    const detail = `it went back to key number ${descriptor.epoch}; this device has number ${kept.value.epoch}`
    return yield* new ManifestCorrupt({ store, name: VAULT_DESCRIPTOR, detail })
  }
  if (Option.isSome(given.key)) return yield* fromKeyText(descriptor, given.key.value, store)
  const rotated = Option.isSome(kept) ? rotatedFrom(descriptor, kept.value) : "no"
  const key = Option.getOrUndefined(kept)?.keys.get(descriptor.epoch)
  if (key !== undefined && typeof rotated === "string") {
    return yield* prove(descriptor, key, keys.location(descriptor.vault), store)
  }
  // A rotation of our own that was interrupted after vault.json had been swapped.
  const begun = Option.filter(yield* keys.next(descriptor.vault), ({ epoch }) => epoch === descriptor.epoch)
  if (Option.isSome(begun) && VaultDescriptor.verify(descriptor, begun.value.key) === "Ok") {
    return yield* prove(descriptor, begun.value.key, keys.location(descriptor.vault), store)
  }
  if (Option.isSome(given.passphrase)) return yield* fromPassphrase(descriptor, given.passphrase.value, store)
  const asker = yield* AskForKey
  const typed = yield* asker.ask({ store, passphraseSet: descriptor.passphrase !== null })
  if (Option.isNone(typed) && typeof rotated === "object") return yield* new VaultKeyRotated({ store, ...rotated })
  if (Option.isNone(typed)) return yield* new KeyNeeded({ store, passphraseSet: descriptor.passphrase !== null })
  const isKey = Redacted.value(typed.value.text).trim().toLowerCase().startsWith("hx1")
  return yield* isKey || descriptor.passphrase === null
    ? fromKeyText(descriptor, typed.value, store)
    : fromPassphrase(descriptor, typed.value, store)
})

const fromKeyText = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  given: SecretText,
  store: string
) {
  const candidates = yield* parseKeyLines(Redacted.value(given.text), given.source)
  const belonging = candidates.filter((key) => matches(key, descriptor.vault))
  if (belonging.length === 0) {
    return yield* new WrongVaultKey({
      source: given.source,
      detail: `it is the key of vault ${candidates[0]?.fingerprint}, this one is ${fingerprintOf(descriptor.vault)}`
    })
  }
  const newest = belonging.find((key) => key.epoch === descriptor.epoch)
  if (newest === undefined) return yield* outdated(belonging, descriptor, given.source)
  return yield* prove(descriptor, newest.key, given.source, store)
})

const outdated = (belonging: ReadonlyArray<RecoveryKey>, descriptor: VaultDescriptor.VaultDescriptor, source: string) =>
  new WrongVaultKey({
    source,
    detail: `it is this vault's key number ${Math.max(...belonging.map((key) => key.epoch))}; the vault has number ${descriptor.epoch} now`
  })

const fromPassphrase = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  given: SecretText,
  store: string
) {
  const key = yield* VaultDescriptor.unlockWithPassphrase(descriptor, Redacted.value(given.text)).pipe(
    Effect.mapError(
      (error) =>
        new WrongVaultKey({
          source: given.source,
          detail: error.reason === "NotSet" ? "this vault has no passphrase: give its recovery key" : "wrong passphrase"
        })
    )
  )
  return yield* prove(descriptor, key, given.source, store)
})

/** A key opens the descriptor, and the descriptor is the one that its owner wrote. */
const prove = (
  descriptor: VaultDescriptor.VaultDescriptor,
  key: Uint8Array,
  source: string,
  store: string
): Effect.Effect<Keyring, WrongVaultKey | ManifestCorrupt> => {
  const verdict = VaultDescriptor.verify(descriptor, key)
  if (verdict === "WrongVaultKey")
    return Effect.fail(new WrongVaultKey({ source, detail: "it does not open this vault" }))
  const keyring = verdict === "Ok" ? VaultDescriptor.keyringOf(descriptor, key) : null
  return keyring === null
    ? Effect.fail(
        new ManifestCorrupt({
          store,
          name: VAULT_DESCRIPTOR,
          detail: "it was altered by somebody without the vault's key"
        })
      )
    : Effect.succeed(keyring)
}
