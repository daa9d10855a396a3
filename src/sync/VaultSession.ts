/** One run's view of a vault: its store, opened with what the probe found, and its keys. */

import { Context, Effect, Either, Layer, Option } from "effect"
import type { Keyring } from "../format/Keyring.ts"
import { Paths } from "../platform/Paths.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { Stores } from "../store/Stores.ts"
import { parseStoreUrl } from "../store/StoreUrl.ts"
import { StoredCredentials } from "./StoredCredentials.ts"
import { keyCheckOf, knownVault } from "./KnownVault.ts"
import { NoStore, VaultKeyRotated, WrongVaultKey } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { VaultKeys } from "./VaultKeys.ts"

export interface VaultSessionService {
  readonly binding: SyncState.StoreBinding
  readonly store: ObjectStoreService
  readonly keyring: Keyring
}

export class VaultSession extends Context.Tag("hx/VaultSession")<VaultSession, VaultSessionService>() {
  /** Opens the store that init chose. Sends nothing. */
  static readonly layer = Layer.scoped(
    VaultSession,
    Effect.suspend(() => openSession)
  )
}

/** The store that init chose, or NoStore. */
export const requireBinding = Effect.flatMap(
  SyncState.binding.get,
  Option.match({ onNone: () => Effect.fail(new NoStore()), onSome: Effect.succeed })
)

const openSession = Effect.gen(function* () {
  const binding = yield* requireBinding
  const keys = yield* VaultKeys
  const keyring = yield* keys.keyring(binding.vaultId, binding.encrypted)
  yield* checkKeyring(binding, keyring)
  const store = yield* openBound(binding)
  return { binding, store, keyring }
})

/** A key that does not open the vault, as far as is remembered of it, is refused before anything is sealed under it. Sends nothing. */
const checkKeyring = Effect.fnUntraced(function* (binding: SyncState.StoreBinding, keyring: Keyring) {
  const known = yield* knownVault(binding)
  if (known === null || !keyring.encrypted) return
  if (keyring.epoch < known.epoch) {
    return yield* new VaultKeyRotated({ store: binding.location, epoch: known.epoch, at: known.since })
  }
  if (keyring.epoch > known.epoch || keyCheckOf(keyring, keyring.epoch).key === known.check) return
  const keys = yield* VaultKeys
  return yield* new WrongVaultKey({ source: keys.location(binding.vaultId), detail: "it does not open this vault" })
})

/** Opens the bound store, with the credentials kept for it. */
export const openBound = Effect.fn("VaultSession.openBound")(function* (binding: SyncState.StoreBinding) {
  const stores = yield* Stores
  const { credentials, location } = yield* whereBound(binding)
  return yield* stores.open(location, credentials, { createOnly: binding.createOnly, ifMatch: binding.ifMatch })
})

/** The rules of the bucket that the bound store is in; null where it is in none. */
export const openLifecycle = Effect.fn("VaultSession.openLifecycle")(function* (binding: SyncState.StoreBinding) {
  const stores = yield* Stores
  const { credentials, location } = yield* whereBound(binding)
  return yield* stores.lifecycle(location, credentials)
})

const whereBound = Effect.fnUntraced(function* (binding: SyncState.StoreBinding) {
  const { home, workingDirectory } = yield* Paths
  const kept = yield* StoredCredentials
  const { location } = yield* Either.mapLeft(
    parseStoreUrl(binding.location, { home, workingDirectory }),
    () => new NoStore()
  )
  return { location, credentials: yield* kept.load(location) }
})
