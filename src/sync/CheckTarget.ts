/** Which store `hx sync check` looks at, and with whose credentials: as init would take them, or as push and pull do. */

import { Effect, Either, Option } from "effect"
import { Paths } from "../platform/Paths.ts"
import { formatLocation, parseStoreUrl, type StoreLocation, type StoreUrl } from "../store/StoreUrl.ts"
import type { CheckTarget } from "./Check.ts"
import { StoredCredentials } from "./StoredCredentials.ts"
import { NoStore } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"

/** `given`: what the command line says. `otherwise`: what is set, for a device that has no store yet. */
export const checkTarget = Effect.fn("CheckTarget.find")(function* (
  given: Option.Option<StoreUrl>,
  otherwise: Option.Option<StoreUrl>
) {
  const kept = yield* StoredCredentials
  const paths = yield* Paths
  const binding = yield* SyncState.binding.get
  const inUse = Option.flatMap(binding, ({ location }) => Either.getRight(parseStoreUrl(location, paths)))
  const url = Option.getOrNull(Option.orElse(given, () => Option.orElse(inUse, () => otherwise)))
  if (url === null) return yield* new NoStore()
  const known = Option.filter(inUse, (bound) => isSame(url.location, bound.location))
  const location = Option.match(known, { onNone: () => url.location, onSome: (bound) => bound.location })
  const target: CheckTarget = {
    location,
    credentials: Option.isSome(url.credentials) ? url.credentials : yield* kept.load(location),
    givenBy: Option.isSome(url.credentials)
      ? "the store URL"
      : `the store URL that init was given (in ${paths.credentials})`,
    binding: Option.isSome(known) ? binding : Option.none()
  }
  return target
})

/** Init has settled the region; who writes the URL again need not know it. */
const isSame = (written: StoreLocation, bound: StoreLocation): boolean => {
  if (formatLocation(written) === formatLocation(bound)) return true
  return (
    written._tag === "S3" &&
    bound._tag === "S3" &&
    Option.isNone(written.region) &&
    formatLocation(written) === formatLocation({ ...bound, region: Option.none() })
  )
}
