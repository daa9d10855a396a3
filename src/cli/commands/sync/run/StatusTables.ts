/** What --verbose and --detailed add to `hx sync status`. */

import { Effect, Option } from "effect"
import { type DeviceHolding, type Inventory, plus, totalOf } from "../../../../sync/Inventory.ts"
import type { PeerStatus, SyncStatus } from "../../../../sync/Status.ts"
import type { Json, Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { type Column, table } from "../../../Table.ts"
import { bytesText, countText, momentText } from "../../../Units.ts"

/** One line for each device: this one first, then those it has heard of. */
export const devicesText = (known: SyncStatus): Effect.Effect<string, never, Output> =>
  table(
    [
      { title: "Device" },
      { title: "Id" },
      { title: "Changes", align: "right" },
      { title: "Last published" },
      { title: "Missing here", align: "right" },
      { title: "Problem" }
    ],
    [
      [
        `${printable(known.device.label)} (this one)`,
        known.device.id,
        countText(known.published?.operations ?? 0),
        known.published === null ? "never" : momentText(known.published.at),
        "–",
        ""
      ],
      ...known.peers.map(peerRow)
    ]
  )

const peerRow = (peer: PeerStatus): ReadonlyArray<string> => [
  printable(peer.label),
  peer.device,
  countText(peer.operations),
  peer.published === 0 ? "never" : momentText(peer.published),
  peer.lag === 0 ? "nothing" : countText(peer.lag),
  peer.problem === null ? "" : printable(peer.problem)
]

/** What the store holds, by device and by kind of object. */
export const holdingsText = (
  known: SyncStatus,
  holdings: Option.Option<Inventory>
): Effect.Effect<string, never, Output> =>
  Option.match(holdings, {
    onNone: () => Effect.succeed("What the store holds could not be asked."),
    onSome: (held) => {
      if (held.size === 0) return Effect.succeed("No device has published anything yet.")
      return Effect.map(
        Effect.all([byDevice(known, held), byKind(totalOf(held))]),
        (tables) => `${tables.join("\n\n")}\n\nvault.json beside them is not counted.`
      )
    }
  })

const SEGMENTS: ReadonlyArray<Column> = [
  { title: "Manifests", align: "right" },
  { title: "Segments", align: "right" },
  { title: "Bytes", align: "right" }
]

const byDevice = (known: SyncStatus, held: Inventory) => {
  const labels = new Map([
    [known.device.id, `${known.device.label} (this one)`],
    ...known.peers.map(({ device, label }) => [device, label] as const)
  ])
  return table(
    [{ title: "Device" }, { title: "Id" }, ...SEGMENTS],
    [...held].map(([device, { manifests, segments }]) => [
      printable(labels.get(device) ?? "(not pulled yet)"),
      device,
      countText(manifests.objects),
      countText(segments.objects),
      bytesText(plus(manifests, segments).bytes)
    ])
  )
}

const byKind = (total: DeviceHolding) => {
  const all = plus(total.manifests, total.segments)
  return table(
    [{ title: "Kind" }, { title: "Objects", align: "right" }, { title: "Bytes", align: "right" }],
    [
      ["manifests", countText(total.manifests.objects), bytesText(total.manifests.bytes)],
      ["segments", countText(total.segments.objects), bytesText(total.segments.bytes)],
      ["together", countText(all.objects), bytesText(all.bytes)]
    ]
  )
}

export const holdingsJson = (held: Inventory): Json => {
  const total = totalOf(held)
  return {
    manifests: { ...total.manifests },
    segments: { ...total.segments },
    devices: [...held].map(([device, { manifests, segments }]) => ({
      device,
      manifests: { ...manifests },
      segments: { ...segments }
    }))
  }
}
