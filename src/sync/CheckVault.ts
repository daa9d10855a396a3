/** The last step of `hx sync check`: which vault is in the store, and whether this device has its key. Reads one object. */

import { Effect, Option } from "effect"
import { fingerprintOf } from "../format/RecoveryKey.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { failedWith, found, warning } from "../store/Checks.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { KeyNeeded, ManifestCorrupt, VaultKeyRotated, VaultMismatch } from "./SyncError.ts"
import type { StoreBinding } from "./SyncState.ts"
import { fetchDescriptor, rotatedFrom } from "./VaultDescriptorFetch.ts"
import { VaultKeys } from "./VaultKeys.ts"

/** `binding` where the store is the one in use. */
export const holdsVault = (store: ObjectStoreService, binding: Option.Option<StoreBinding>) =>
  Effect.gen(function* () {
    const descriptor = yield* fetchDescriptor(store)
    const bound = Option.getOrNull(binding)
    if (descriptor === null && bound === null) return found("none yet: hx sync init makes one")
    if (descriptor === null)
      return yield* new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail: GONE })
    if (bound !== null && bound.vaultId !== descriptor.vault) {
      const detail = `it holds the vault ${fingerprintOf(descriptor.vault)}, and this device is in ${fingerprintOf(bound.vaultId)}`
      return yield* new VaultMismatch({ store: store.display, detail, hint: "join the one there: hx sync init" })
    }
    const name = fingerprintOf(descriptor.vault)
    if (descriptor.cipher === VaultDescriptor.NO_CIPHER) return found(`${name}, NOT ENCRYPTED`)
    return yield* opens(store, descriptor, bound !== null)
  }).pipe(Effect.mapError((error) => (error._tag === "StoreError" ? failedWith(error) : { error, stops: false })))

const GONE = "it is gone, though this device is in a vault there: restore it, or run hx sync init on this device"

const opens = Effect.fnUntraced(function* (
  store: ObjectStoreService,
  descriptor: VaultDescriptor.VaultDescriptor,
  bound: boolean
) {
  const keys = yield* VaultKeys
  const name = fingerprintOf(descriptor.vault)
  const kept = Option.getOrNull(yield* keys.load(descriptor.vault))
  if (kept === null && bound) {
    return yield* new KeyNeeded({ store: store.display, passphraseSet: descriptor.passphrase !== null })
  }
  if (kept === null) {
    return warning(
      `${name}, encrypted; its key is not on this device`,
      'Take the recovery key from "hx sync key" on a device that has it, then: hx sync init --key-file FILE'
    )
  }
  const rotated = rotatedFrom(descriptor, kept)
  if (typeof rotated === "object") return yield* new VaultKeyRotated({ store: store.display, ...rotated })
  if (descriptor.epoch < kept.epoch) {
    const detail = `it went back to key number ${descriptor.epoch}; this device has number ${kept.epoch}`
    return yield* new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail })
  }
  const key = kept.keys.get(descriptor.epoch) ?? null
  if (VaultDescriptor.verify(descriptor, key) !== "Ok") {
    const detail = "it does not go with the key on this device"
    return yield* new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail })
  }
  return found(`${name}, encrypted; its key is on this device`)
})
