/** Reading vault.json: one GET. */

import { Effect } from "effect"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { ManifestCorrupt, VaultKeyRotated } from "./SyncError.ts"
import { VaultSession } from "./VaultSession.ts"

/** The vault's descriptor, of good form but not authenticated yet; null where the store has none. */
export const fetchDescriptor = Effect.fn("VaultDescriptor.fetch")(function* (store: ObjectStoreService) {
  const object = yield* store.get(VAULT_DESCRIPTOR, VaultDescriptor.MAX_DESCRIPTOR_BYTES).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(null)
    )
  )
  if (object === null) return null
  return yield* VaultDescriptor.decode(object.bytes).pipe(
    Effect.mapError(
      (error) => new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail: error.detail })
    )
  )
})

/** An object was sealed under an epoch that we have no key for: fails where the vault has indeed moved on. */
export const assertEpochCurrent = Effect.gen(function* () {
  const { keyring, store } = yield* VaultSession
  const descriptor = yield* fetchDescriptor(store)
  if (descriptor !== null && descriptor.vault === keyring.vaultId && descriptor.epoch > keyring.epoch) {
    return yield* new VaultKeyRotated({ store: store.display, epoch: descriptor.epoch })
  }
})
