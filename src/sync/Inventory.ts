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
  Effect.suspend(() => {
    // One pair of maps for the whole list: a copy for each object would take memory by the square of the devices.
    const [devices, classes] = [new Map<DeviceId, DeviceHolding>(), new Map<string, Holding>()]
    return Effect.as(
      Stream.runForEach(Stream.concat(manifests, store.list(SEGMENTS)), (info) =>
        Effect.sync(() => add(devices, classes, info))
      ),
      { devices, classes } satisfies Inventory as Inventory
    )
  })

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

const SEGMENT = /^segments\/([0-9a-f]{32})\/[^/]+\.hxs$/

const add = (devices: Map<DeviceId, DeviceHolding>, classes: Map<string, Holding>, info: ObjectInfo): void => {
  const one = { objects: 1, bytes: info.size }
  const manifest = parseManifestName(info.name)
  const [, owner = ""] = SEGMENT.exec(info.name) ?? []
  const device = manifest?.device ?? owner
  if (!isDeviceId(device)) return
  const { manifests, segments } = devices.get(device) ?? NOTHING
  devices.set(
    device,
    manifest === null ? { manifests, segments: plus(segments, one) } : { manifests: plus(manifests, one), segments }
  )
  const { storageClass } = info
  if (storageClass !== undefined) classes.set(storageClass, plus(classes.get(storageClass) ?? NONE, one))
}
