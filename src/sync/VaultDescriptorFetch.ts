/** Reading vault.json: one GET. */

import { Effect, Stream } from "effect"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { MANIFESTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { ManifestCorrupt, VaultKeyRotated } from "./SyncError.ts"
import { VaultSession } from "./VaultSession.ts"

/** The vault's descriptor, of good form but not authenticated yet; null where the store has none. */
export const fetchDescriptor = Effect.fn("VaultDescriptor.fetch")(function* (store: ObjectStoreService) {
  const object = yield* store.get(VAULT_DESCRIPTOR, VaultDescriptor.MAX_DESCRIPTOR_BYTES).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(null)
    ),
    Effect.tapError((error) => (error.reason === "AccessDenied" ? requireList(store) : Effect.void))
  )
  if (object === null) return null
  return yield* VaultDescriptor.decode(object.bytes).pipe(
    Effect.mapError(
      (error) => new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail: error.detail })
    )
  )
})

/**
 * Fails where the store may not be listed: then it calls forbidden what is only absent, and the permission that lacks is that of listing. Whatever
 * else keeps it from being listed is no news.
 */
const requireList = (store: ObjectStoreService) =>
  store.list(MANIFESTS).pipe(
    Stream.runHead,
    Effect.catchIf(
      (error) => error.reason !== "AccessDenied",
      () => Effect.void
    )
  )

/** An object was sealed under an epoch that we have no key for: fails where the vault has indeed moved on. */
export const assertEpochCurrent = Effect.gen(function* () {
  const { keyring, store } = yield* VaultSession
  const descriptor = yield* fetchDescriptor(store)
  if (descriptor !== null && descriptor.vault === keyring.vaultId && descriptor.epoch > keyring.epoch) {
    return yield* new VaultKeyRotated({ store: store.display, epoch: descriptor.epoch })
  }
})
