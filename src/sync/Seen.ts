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

/** The highest sequence of a device's manifest that any of these lists of sightings names; 0 where none does. */
export const highestSeen = (device: DeviceId, sightings: Iterable<ReadonlyArray<Sighting>>): number => {
  let highest = 0
  for (const list of sightings) {
    for (const seen of list) if (seen.device === device && seen.sequence > highest) highest = seen.sequence
  }
  return highest
}

/** The highest sequence of ours that any device we know of has seen. */
export const seenByPeers = (device: DeviceId) =>
  Effect.map(SyncState.allPeers, (peers) =>
    highestSeen(
      device,
      [...peers.values()].map((peer) => peer.seen)
    )
  )

/** What our manifest says to have seen of the others. */
export const seenByUs = (self: DeviceId) =>
  Effect.map(SyncState.allPeers, (peers): ReadonlyArray<Sighting> =>
    [...peers]
      .filter(([log, peer]) => !peer.copy && log !== self && peer.sequence > 0)
      .map(([device, peer]) => ({ device, sequence: peer.sequence }))
      .sort((a, b) => (a.device < b.device ? -1 : 1))
  )
