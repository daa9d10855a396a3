/** What the store holds of a vault, by device and by kind: one LIST for each 1,000 manifests and one for each 1,000 segments. Needs no key. */

import { Effect, Stream } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import type { ObjectInfo, ObjectStoreService } from "../store/ObjectStore.ts"
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

export interface Inventory {
  readonly devices: ReadonlyMap<DeviceId, DeviceHolding>
  /** The same objects by storage class, where the store names classes. */
  readonly classes: ReadonlyMap<string, Holding>
}

/** Foreign files, and what is not listed under a device, are passed over. */
export const inventory = Effect.scoped(
  Effect.gen(function* () {
    const store = yield* openBound(yield* requireBinding)
    return yield* inventoryOf(store, store.list(MANIFESTS))
  })
)

/** Where the manifests have been listed already. */
export const inventoryOf = <E>(store: ObjectStoreService, manifests: Stream.Stream<ObjectInfo, E>) =>
  Stream.runFold(Stream.concat(manifests, store.list(SEGMENTS)), EMPTY, add)

/** All devices together. */
export const totalOf = ({ devices }: Inventory): DeviceHolding =>
  [...devices.values()].reduce(
    (sum, each) => ({ manifests: plus(sum.manifests, each.manifests), segments: plus(sum.segments, each.segments) }),
    NOTHING
  )

export const bytesOf = (holdings: Inventory): number => {
  const { manifests, segments } = totalOf(holdings)
  return manifests.bytes + segments.bytes
}

export const plus = (a: Holding, b: Holding): Holding => ({ objects: a.objects + b.objects, bytes: a.bytes + b.bytes })

const NONE: Holding = { objects: 0, bytes: 0 }
const NOTHING: DeviceHolding = { manifests: NONE, segments: NONE }
const EMPTY: Inventory = { devices: new Map(), classes: new Map() }

const SEGMENT = /^segments\/([0-9a-f]{32})\/[^/]+\.hxs$/

const add = (sum: Inventory, info: ObjectInfo): Inventory => {
  const one = { objects: 1, bytes: info.size }
  const manifest = parseManifestName(info.name)
  if (manifest !== null) return put(sum, info, manifest.device, { manifests: one, segments: NONE })
  const [, device = ""] = SEGMENT.exec(info.name) ?? []
  return isDeviceId(device) ? put(sum, info, device, { manifests: NONE, segments: one }) : sum
}

const put = (sum: Inventory, info: ObjectInfo, device: DeviceId, more: DeviceHolding): Inventory => {
  const { manifests, segments } = sum.devices.get(device) ?? NOTHING
  const next = { manifests: plus(manifests, more.manifests), segments: plus(segments, more.segments) }
  const devices = new Map(sum.devices).set(device, next)
  const { size, storageClass } = info
  if (storageClass === undefined) return { ...sum, devices }
  const one = { objects: 1, bytes: size }
  return { devices, classes: new Map(sum.classes).set(storageClass, plus(sum.classes.get(storageClass) ?? NONE, one)) }
}
