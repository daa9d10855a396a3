/** Which device a person means: by its name, its id, or the beginning of its id. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { everRetired, ownRetirements } from "./Retirements.ts"
import { DeviceUnknown } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"

export interface DeviceName {
  readonly device: DeviceId
  readonly label: string
}

/** All devices but this one that are known here, or that the store has objects of; retired ones last. */
export const otherDevices = Effect.fn("DeviceNames.others")(function* (listed: ReadonlySet<DeviceId>) {
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const labels = new Map<DeviceId, string>([...listed].map((device) => [device, ""]))
  for (const { device, label = "" } of yield* ownRetirements) labels.set(device, label)
  for (const [log, peer] of yield* SyncState.allPeers) {
    for (const { device, label = "" } of peer.retirements ?? []) if (!labels.has(device)) labels.set(device, label)
    if (!peer.copy) labels.set(log, peer.label)
  }
  labels.delete(self)
  const retired = yield* everRetired
  const all = [...labels].map(([device, label]): DeviceName => ({ device, label }))
  return [...all.filter(({ device }) => !retired.has(device)), ...all.filter(({ device }) => retired.has(device))]
})

/** Those of them that nobody has retired: a name that only a retired one had is free. */
export const standingDevices = Effect.gen(function* () {
  const retired = yield* everRetired
  return (yield* otherDevices(new Set())).filter(({ device }) => !retired.has(device))
})

/** The one that is meant; a device that is not retired comes before those that are. */
export const nameDevice = Effect.fn("DeviceNames.find")(function* (given: string, listed: ReadonlySet<DeviceId>) {
  const db = yield* HistoryDb
  const self: DeviceName = { device: yield* db.device.id, label: yield* db.device.label }
  const others = yield* otherDevices(listed)
  const retired = yield* everRetired
  const standing = others.filter(({ device }) => !retired.has(device))
  const candidates = [[self, ...standing], others]
    .map((devices) => meant(given, devices))
    .find((found) => found.length > 0)
  const [found, ...more] = candidates ?? []
  if (found === undefined) {
    return yield* new DeviceUnknown({ given, reason: "None", known: others.map(nameIn) })
  }
  if (more.length > 0)
    return yield* new DeviceUnknown({ given, reason: "Several", known: [found, ...more].map(nameIn) })
  if (found.device === self.device) return yield* new DeviceUnknown({ given, reason: "Self", known: [] })
  return found
})

/** Exactly its name or id, else the beginning of its id. */
const meant = (given: string, devices: ReadonlyArray<DeviceName>): ReadonlyArray<DeviceName> => {
  const exact = devices.filter(({ device, label }) => label === given || device === given)
  if (exact.length > 0 || isDeviceId(given)) return exact
  return /^[0-9a-f]{4,}$/.test(given) ? devices.filter(({ device }) => device.startsWith(given)) : []
}

const nameIn = ({ device, label }: DeviceName): string =>
  label === "" ? device.slice(0, 8) : `${label} (${device.slice(0, 8)})`
