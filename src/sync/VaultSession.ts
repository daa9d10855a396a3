/** One run's view of a vault: its store, opened with what the probe found, and its keys. */

import { Context, Effect, Either, Layer, Option } from "effect"
import type { Keyring } from "../format/Keyring.ts"
import { Paths } from "../platform/Paths.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { Stores } from "../store/Stores.ts"
import { parseStoreUrl } from "../store/StoreUrl.ts"
import { StoredCredentials } from "./StoredCredentials.ts"
import { NoStore } from "./SyncError.ts"
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
  const store = yield* openBound(binding)
  return { binding, store, keyring }
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
