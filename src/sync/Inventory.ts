/** What the store holds of a vault, by device: one LIST for each 1,000 manifests and one for each 1,000 segments. Needs no key. */

import { Effect, Stream } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import type { ObjectInfo } from "../store/ObjectStore.ts"
import { MANIFESTS, parseManifestName, SEGMENTS } from "./ObjectNames.ts"
import { openBound, requireBinding } from "./VaultSession.ts"

export interface Holding {
  readonly objects: number
  readonly bytes: number
}

export interface DeviceHolding {
  readonly manifests: Holding
  readonly segments: Holding
}

export type Inventory = ReadonlyMap<DeviceId, DeviceHolding>

/** Foreign files, and what is not listed under a device, are passed over. */
export const inventory = Effect.scoped(
  Effect.gen(function* () {
    const store = yield* openBound(yield* requireBinding)
    const objects = Stream.concat(store.list(MANIFESTS), store.list(SEGMENTS))
    return yield* Stream.runFold(objects, EMPTY, add)
  })
)

/** All devices together. */
export const totalOf = (holdings: Inventory): DeviceHolding =>
  [...holdings.values()].reduce(
    (sum, each) => ({ manifests: plus(sum.manifests, each.manifests), segments: plus(sum.segments, each.segments) }),
    NOTHING
  )

export const plus = (a: Holding, b: Holding): Holding => ({ objects: a.objects + b.objects, bytes: a.bytes + b.bytes })

const NONE: Holding = { objects: 0, bytes: 0 }
const NOTHING: DeviceHolding = { manifests: NONE, segments: NONE }
const EMPTY: Inventory = new Map()

const SEGMENT = /^segments\/([0-9a-f]{32})\/[^/]+\.hxs$/

const add = (sum: Inventory, info: ObjectInfo): Inventory => {
  const one = { objects: 1, bytes: info.size }
  const manifest = parseManifestName(info.name)
  if (manifest !== null) return put(sum, manifest.device, { manifests: one, segments: NONE })
  const [, device = ""] = SEGMENT.exec(info.name) ?? []
  return isDeviceId(device) ? put(sum, device, { manifests: NONE, segments: one }) : sum
}

const put = (sum: Inventory, device: DeviceId, more: DeviceHolding): Inventory => {
  const { manifests, segments } = sum.get(device) ?? NOTHING
  const next = { manifests: plus(manifests, more.manifests), segments: plus(segments, more.segments) }
  return new Map(sum).set(device, next)
}
