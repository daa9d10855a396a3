/**
 * Finds out which conditional writes a store keeps its word on. Providers differ: some refuse the headers, some ignore them, one wants the ETag
 * without quotes (see store/ObjectStore.ts). So init tries, on an object of its own, and the answer is recorded with the binding:
 *
 *     create            must succeed
 *     create again      must fail
 *     swap, stale ETag  must fail     (with the ETag quoted, then unquoted)
 *     swap, right ETag  must succeed
 *
 * Costs 5 requests where everything works as on AWS, at most 8. Where a condition is ignored, push reads its manifest before and after writing.
 */

import { Duration, Effect, type Scope } from "effect"
import { Entropy } from "../platform/Entropy.ts"
import { Always, Create, IfMatch, type ObjectStoreService, type StoreCapabilities } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { PROBES } from "./ObjectNames.ts"
import { isDoneWith, noteProbes, strikeProbes, sweepProbes } from "./ProbeNotes.ts"

/** Opens the store under the assumption that it can do so much. */
export type OpenWith = (capabilities: StoreCapabilities) => Effect.Effect<ObjectStoreService, StoreError, Scope.Scope>

const STALE_ETAG = "00000000000000000000000000000000"

/** The caller holds the device lock. `location` as formatLocation gives it: what a killed run left there goes first. */
export const probe = Effect.fn("Probe.run")(function* (openWith: OpenWith, location: string) {
  const name = yield* probeName
  const store = yield* openWith({ createOnly: true, ifMatch: "quoted" })
  yield* sweepProbes(location, store)
  yield* noteProbes(location, [name], Duration.zero)
  // The probe's object is of no use to anybody; failing to delete it is no reason to fail.
  const remove = Effect.if(isDoneWith(Effect.tapError(store.delete(name), tellUndeleted)), {
    onTrue: () => strikeProbes(location, new Set([name])),
    onFalse: () => Effect.void
  })
  return yield* Effect.zipLeft(
    Effect.onError(probeObject(store, openWith, name), () => Effect.ignore(remove)),
    remove
  )
})

/** Where nothing may be deleted, what is forgotten later cannot be taken out either. */
const tellUndeleted = ({ detail, reason, subject }: StoreError) =>
  Effect.logWarning(`${subject}, which init wrote to try the store, could not be deleted: ${detail ?? reason}`)

/** A name that is nobody else's, and that no reader of a vault looks at. */
export const probeName = Effect.map(Entropy.hex(8), (suffix) => `${PROBES}${suffix}`)

/** The same on an object that the caller deletes; there is none of that name yet. */
export const probeObject = Effect.fn("Probe.object")(function* (
  store: ObjectStoreService,
  openWith: OpenWith,
  name: string
) {
  const created = yield* refuses(store.put(name, content(1), { condition: Create }))
  if (created === "refused") yield* store.put(name, content(1), { condition: Always })
  const createOnly =
    created === "accepted" && (yield* refuses(store.put(name, content(2), { condition: Create }))) === "refused"
  for (const ifMatch of ["quoted", "unquoted"] as const) {
    const variant = yield* openWith({ createOnly, ifMatch })
    if (yield* swapsProperly(variant, name)) return { createOnly, ifMatch } satisfies StoreCapabilities
  }
  return { createOnly, ifMatch: "none" } satisfies StoreCapabilities
})

const swapsProperly = Effect.fnUntraced(function* (store: ObjectStoreService, name: string) {
  const stale = yield* refuses(store.put(name, content(3), { condition: IfMatch(STALE_ETAG) }))
  if (stale === "accepted") return false
  const current = yield* store.get(name, 1024)
  return (yield* refuses(store.put(name, content(4), { condition: IfMatch(current.etag) }))) === "accepted"
})

/** Whether a conditional write was refused because of its condition (or because the store knows no conditions at all). */
const refuses = (put: Effect.Effect<unknown, StoreError>) =>
  put.pipe(
    Effect.as("accepted" as const),
    Effect.catchTag("StoreError", (error) =>
      error.reason === "AlreadyExists" || error.reason === "SwapLost" || error.reason === "Unsupported"
        ? Effect.succeed("refused" as const)
        : Effect.fail(error)
    )
  )

const content = (step: number): Uint8Array => Buffer.from(`hx probe ${step}\n`)
