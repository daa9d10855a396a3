/** The device that a person names: by its label, by its id or the beginning of that. */

import { Effect } from "effect"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import { type DeviceId, isDeviceId } from "../../../domain/Device.ts"
import { allPeers } from "../../../sync/SyncState.ts"
import { printable } from "../../Printable.ts"
import { UsageError } from "../../UsageError.ts"

/** A whole id is taken as it is: of a device that is gone for long, nothing but its entries may be left. */
export const deviceNamed = Effect.fnUntraced(function* (given: string) {
  const { device } = yield* HistoryDb
  const name = given.trim()
  const own = { id: yield* device.id, label: yield* device.label }
  const peers = [...(yield* allPeers)].flatMap(([id, { copy, label }]) => (copy ? [] : [{ id, label }]))
  const all: ReadonlyArray<{ readonly id: DeviceId; readonly label: string }> = [own, ...peers]
  const lower = name.toLowerCase()
  const labelled = all.filter(({ label }) => label.toLowerCase() === lower)
  const meant = labelled.length > 0 ? labelled : all.filter(({ id }) => lower !== "" && id.startsWith(lower))
  const [one, ...others] = meant
  if (one !== undefined && others.length === 0) return one.id
  if (one === undefined && isDeviceId(lower)) return lower
  const known = (meant.length > 0 ? meant : all).map(({ id, label }) =>
    `${printable(label)} (${id.slice(0, 8)})`.trim()
  )
  return yield* new UsageError({
    what: meant.length > 0 ? "More than one device is called so" : "No device is called so",
    subject: name,
    hint: `Known are: ${known.join(", ")}.`
  })
})
