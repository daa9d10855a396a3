/**
 * Who has seen what of whom. Every manifest carries the sequence that its device had last seen of every other: so a manifest that went back is
 * noticed even by a device that never saw the newer one.
 */

import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import * as SyncState from "./SyncState.ts"

export interface Sighting {
  readonly device: DeviceId
  readonly sequence: number
}

/**
 * A sighting above this is not believed: with one publication a microsecond nobody gets there in a century, and somebody who says so leaves the device
 * that it speaks of no number to publish under.
 */
const BELIEVABLE = 2 ** 52

/** The highest sequence of each device's manifest that any of these lists of sightings names. */
export const highestOf = (sightings: Iterable<ReadonlyArray<Sighting>>): ReadonlyMap<DeviceId, number> => {
  const highest = new Map<DeviceId, number>()
  for (const list of sightings) {
    for (const { device, sequence } of list) {
      if (sequence <= BELIEVABLE) highest.set(device, Math.max(sequence, highest.get(device) ?? 0))
    }
  }
  return highest
}

/** The highest sequence of ours that any device we know of has seen. */
export const seenByPeers = (device: DeviceId) =>
  Effect.map(SyncState.allPeers, (peers) => highestOf([...peers.values()].map((peer) => peer.seen)).get(device) ?? 0)

/** What our manifest says to have seen of the others. */
export const seenByUs = (self: DeviceId) =>
  Effect.map(SyncState.allPeers, (peers): ReadonlyArray<Sighting> =>
    [...peers]
      .filter(([log, peer]) => !peer.copy && log !== self && peer.sequence > 0)
      .map(([device, peer]) => ({ device, sequence: peer.sequence }))
      .sort((a, b) => (a.device < b.device ? -1 : 1))
  )
