/** Whether a device has been retired, and by whom: one LIST, and a GET for each manifest that is not as it was last read. Changes nothing. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { listManifests } from "./ManifestFetch.ts"
import { gatherManifests } from "./PeerManifests.ts"

export const successorOf = Effect.fn("Successor.of")(function* (device: DeviceId) {
  const listing = yield* listManifests
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const others = listing.filter((listed) => listed.device !== device && listed.device !== self)
  const stands = listing.some((listed) => listed.device === self && !listed.isCopy)
  const { retired } = yield* gatherManifests(others, { force: false, stands })
  return retired.get(device)
})
