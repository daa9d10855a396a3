/**
 * Writing vault.json anew: it only ever replaces the one that was read, by If-Match; where the store knows no conditions, it is read again afterwards.
 */

import { Effect } from "effect"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { Always, IfMatch } from "../store/ObjectStore.ts"
import { isAmbiguous } from "../store/StoreError.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { SwapUnsettled, VaultMismatch } from "./SyncError.ts"
import { fetchDescriptorObject } from "./VaultDescriptorFetch.ts"
import { VaultSession } from "./VaultSession.ts"

/** Swaps lost in a row that mean a store that does not behave. */
export const MAX_ROUNDS = 6

/** One attempt: whether what was written stands; false where another device was faster. Fails where the store does. */
export const swapDescriptor = Effect.fn("VaultSwap.swap")(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  replaces: string
) {
  const { store } = yield* VaultSession
  const bytes = VaultDescriptor.encode(descriptor)
  if (bytes.length > VaultDescriptor.MAX_DESCRIPTOR_BYTES) {
    const detail = "vault.json would grow beyond its largest size: it names too many devices"
    return yield* new VaultMismatch({ store: store.display, detail, hint: "forget devices that are gone" })
  }
  const conditional = store.capabilities.ifMatch !== "none"
  const wrote = yield* store.put(VAULT_DESCRIPTOR, bytes, { condition: conditional ? IfMatch(replaces) : Always }).pipe(
    Effect.as({ lost: false, failure: null }),
    Effect.catchIf(
      (error) => error.reason === "SwapLost" || error.reason === "AlreadyExists" || error.reason === "Absent",
      () => Effect.succeed({ lost: true, failure: null })
    ),
    Effect.catchIf(
      (error) => isAmbiguous(error.reason),
      (failure) => Effect.succeed({ lost: false, failure })
    )
  )
  if (!wrote.lost && wrote.failure === null && conditional) return true
  // Lost to another device, or perhaps to an attempt of our own whose answer did not come: what stands there tells.
  const found = yield* fetchDescriptorObject(store)
  if (found !== null && found.descriptor.mac === descriptor.mac) return true
  // Nothing changed there, so it did not arrive: the retries that the policy allows are spent already.
  if (wrote.failure !== null && found?.etag === replaces) return yield* wrote.failure
  return false
})

/** Tries until it stands: each attempt is told what to do with what stands there now, and gives null where it was faster. */
export const untilSwapped = <A, E, R>(attempt: Effect.Effect<A | null, E, R>) =>
  Effect.gen(function* () {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const outcome = yield* attempt
      if (outcome !== null) return outcome
    }
    const { store } = yield* VaultSession
    return yield* new SwapUnsettled({ store: store.display, rounds: MAX_ROUNDS })
  })
