/**
 * Reset: forgets the store, the cursors and what was published there. History, the device's id and the vault's key stay, so that init and pull
 * bring everything back; nothing in the store is touched.
 */

import { Effect, Option } from "effect"
import { forgetVault } from "./KnownVault.ts"
import { leave } from "./LeftStores.ts"
import { VaultMismatch } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { VaultKeys } from "./VaultKeys.ts"

export interface ResetOptions {
  /** Also forget the vault's key, which only the recovery key brings back. */
  readonly forgetKey: boolean
}

export interface ResetReport {
  /** The store that was forgotten; none where there was none. */
  readonly store: Option.Option<string>
  readonly keyForgotten: boolean
}

/** The caller holds the device lock. */
export const reset = Effect.fn("Reset.run")(function* (options: ResetOptions) {
  const keys = yield* VaultKeys
  const binding = yield* SyncState.binding.get
  const home = yield* SyncState.homeVault.get
  if (options.forgetKey && Option.isSome(home)) yield* refuseWhileRotating(home.value)
  yield* leave
  if (options.forgetKey && Option.isSome(home)) {
    yield* keys.forget(home.value.vaultId)
    yield* forgetVault(home.value.vaultId)
    // Last: a run that is cut off before this finds the key again.
    yield* SyncState.homeVault.remove
  }
  return {
    store: Option.map(binding, (bound) => bound.location),
    keyForgotten: options.forgetKey && Option.isSome(home) && home.value.encrypted
  } satisfies ResetReport as ResetReport
})

/** The key of an interrupted rotation may be the vault's by now, and nobody has been shown it: forgotten here, nothing would open the vault again. */
const refuseWhileRotating = Effect.fnUntraced(function* ({
  location,
  vaultId
}: {
  readonly vaultId: string
  readonly location?: string | undefined
}) {
  const keys = yield* VaultKeys
  if (Option.isNone(yield* keys.next(vaultId))) return
  return yield* new VaultMismatch({
    store: location ?? "the vault of this device",
    detail: "a rotation of its key is not finished, and nobody else has the new key",
    hint: "finish it first: hx sync key rotate, and keep the recovery key that it shows"
  })
})
