/**
 * What `hx sync key` does and says. The text is also a file as --key-file takes it: `hx sync key > recovery-key.txt`.
 * With --json: { vaultId, fingerprint, encrypted, recoveryKey, keyFile, number: which of the vault's keys it is, rotated: since when, ISO 8601, null for
 * the first one, newer: null, or { number, rotated } of a key that this device has heard of and not been given }.
 */

import { Effect, Option } from "effect"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import { NoStore } from "../../../../sync/SyncError.ts"
import { knownVault } from "../../../../sync/KnownVault.ts"
import * as SyncState from "../../../../sync/SyncState.ts"
import { recoveryKeyOf, VaultKeys } from "../../../../sync/VaultKeys.ts"
import { Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const keys = yield* VaultKeys
    const bound = yield* SyncState.binding.get
    const vault = Option.getOrNull(Option.isSome(bound) ? bound : yield* SyncState.homeVault.get)
    if (vault === null) return yield* new NoStore()
    const keyring = yield* keys.keyring(vault.vaultId, vault.encrypted)
    const recoveryKey = recoveryKeyOf(keyring)
    const fingerprint = fingerprintOf(vault.vaultId)
    const known = Option.isSome(bound) ? yield* knownVault(bound.value) : null
    const newer = known?.newer ?? null
    const rotated = known !== null && known.epoch > 1 ? known.since : null
    const file = keys.location(vault.vaultId)
    yield* output.result(
      {
        vaultId: vault.vaultId,
        fingerprint,
        encrypted: vault.encrypted,
        recoveryKey: Option.getOrNull(recoveryKey),
        keyFile: vault.encrypted ? file : null,
        number: vault.encrypted ? keyring.epoch : null,
        rotated,
        newer: newer === null ? null : { number: newer.epoch, rotated: newer.at }
      },
      () =>
        Option.match(recoveryKey, {
          onNone: () => `# The vault ${fingerprint} is not encrypted: there is no key, and none is needed to join.`,
          onSome: (text) =>
            [
              `# Recovery key of the vault ${fingerprint}. Whoever has it can read everything in the vault: keep it safe.`,
              `# This device keeps it in ${printable(file)}`,
              ...(rotated === null ? [] : [`# It is key number ${keyring.epoch}, of ${rotated.slice(0, 10)}.`]),
              ...(newer === null ? [] : [`# OUTDATED: the vault's key was rotated on ${newer.at.slice(0, 10)}.`]),
              text
            ].join("\n")
        })
    )
  }).pipe(Effect.provide(layer))
