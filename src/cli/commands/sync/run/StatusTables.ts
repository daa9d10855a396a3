/** What --verbose and --detailed add to `hx sync status`: devices, objects and requests. */

import { Effect, Either, Option } from "effect"
import { type DeviceHolding, type Inventory, plus, totalOf } from "../../../../sync/Inventory.ts"
import type { PeerStatus, StoreAnswer, SyncStatus } from "../../../../sync/Status.ts"
import type { ObjectCounts } from "../../../../sync/SyncState.ts"
import { totalUse } from "../../../../sync/Usage.ts"
import { whenText } from "../../../Ago.ts"
import { printable } from "../../../Printable.ts"
import { type Column, table } from "../../../Table.ts"
import { bytesText, counted, countText } from "../../../Units.ts"
import { lagText, nameOf, wordsOf } from "./StatusRows.ts"

/** One line for each device: this one first, then those it has heard of, then those that the store knows and this one does not. */
export const devicesText = (known: SyncStatus) => {
  const strangers = known.answer._tag === "Answered" ? known.answer.unknown : []
  return table(
    [
      { title: "Device" },
      { title: "Id" },
      { title: "Published", align: "right" },
      { title: "Last published, by its clock" },
      { title: "Behind here" },
      { title: "State" }
    ],
    [
      [
        `${nameOf(known.device.label)} (this one)`,
        known.device.id,
        countText(known.published?.operations ?? 0),
        known.published === null ? "never" : whenText(known.published.at, known.now),
        "",
        ""
      ],
      ...known.peers.map((peer) => peerRow(peer, known.now)),
      ...strangers.slice(0, MOST_STRANGERS).map((id) => [UNKNOWN, id, "?", "?", "everything", "hx sync pull"]),
      ...(strangers.length > MOST_STRANGERS
        ? [[moreText(strangers.length), "", "?", "?", "everything", "hx sync pull"]]
        : [])
    ]
  )
}

const UNKNOWN = "(not pulled yet)"

/** Whoever can write to the store can make as many as they like, and drawing a table takes memory for every row. */
const MOST_STRANGERS = 50

const moreText = (all: number): string => `(${countText(all - MOST_STRANGERS)} more, not pulled yet)`

const peerRow = (peer: PeerStatus, now: number): ReadonlyArray<string> => [
  nameOf(peer.label),
  peer.device,
  countText(peer.operations),
  peer.published === 0 ? "never" : whenText(peer.published, now),
  lagText(peer) ?? "nothing",
  peer.problem === null ? stateOf(peer) : printable(peer.problem)
]

const stateOf = ({ listed, retiredBy }: PeerStatus): string => {
  if (retiredBy !== null) return `retired by ${nameOf(retiredBy)}`
  if (listed === null) return "not asked"
  if (listed === "gone") return "gone from the store"
  return listed === "newer" ? "has news" : "up to date"
}

/** What the last pull did with the objects of other devices. */
export const objectsText = Effect.fnUntraced(function* ({ activity: { pull }, now }: SyncStatus) {
  if (pull === undefined) return "Nothing has been pulled yet."
  const { manifests, problems, segments } = pull
  const together: ObjectCounts = {
    applied: manifests.applied + segments.applied,
    unchanged: manifests.unchanged + segments.unchanged,
    problems: manifests.problems + segments.problems
  }
  const drawn = yield* table(
    [
      { title: "Objects of others" },
      { title: "Applied", align: "right" },
      { title: "Unchanged", align: "right" },
      { title: "With a problem", align: "right" }
    ],
    Object.entries({ manifests, segments, together }).map(([kind, counts]) => [
      kind,
      countText(counts.applied),
      countText(counts.unchanged),
      countText(counts.problems)
    ])
  )
  return [
    `The last pull, ${whenText(pull.at, now)}:`,
    drawn,
    ...problems.map(
      ({ detail, device, name }) => `Not used: ${printable(name)} of ${printable(device)}: ${printable(detail)}`
    )
  ].join("\n")
})

/** What this device has asked of the store this month, by kind of request. */
export const requestsText = Effect.fnUntraced(function* ({ usage: [month] }: SyncStatus) {
  const total = totalUse(month)
  const unreached =
    month.unreached === 0
      ? []
      : [`${counted(month.unreached, "more request", "more requests")} did not reach the store.`]
  const heading = `Requests of this device in ${month.month} (UTC), this one included:`
  if (month.operations.length === 0) return [`${heading} none.`, ...unreached].join("\n")
  const drawn = yield* table(
    [
      { title: "Request" },
      { title: "Number", align: "right" },
      { title: "Failed", align: "right" },
      { title: "Sent", align: "right" },
      { title: "Received", align: "right" }
    ],
    [...month.operations, { operation: "together", ...total }].map((use) => [
      printable(use.operation),
      countText(use.requests),
      countText(use.failed),
      bytesText(use.sent),
      bytesText(use.received)
    ])
  )
  return [heading, drawn, ...unreached].join("\n")
})

/** What the store holds, by device and by kind of object; or why nobody knows. */
export const holdingsText = (known: SyncStatus) =>
  Option.match(heldNow(known.answer), {
    onNone: () => Effect.succeed("What the store holds could not be asked."),
    onSome: Either.match({
      onLeft: (error) => Effect.succeed(`What the store holds could not be asked: ${wordsOf(error)}`),
      onRight: (held) => holdingsTables(known, held)
    })
  })

const holdingsTables = (known: Pick<SyncStatus, "device" | "peers">, held: Inventory) =>
  held.devices.size === 0
    ? Effect.succeed("No device has published anything yet.")
    : Effect.map(Effect.all([byDevice(known, held), byKind(totalOf(held)), byClass(held)]), (tables) =>
        [...tables.filter((drawn) => drawn !== ""), "vault.json beside them is not counted."].join("\n\n")
      )

/** The same where only the inventory was asked. */
export const inventoryText = holdingsTables

const heldNow = (answer: StoreAnswer) => (answer._tag === "Answered" ? answer.holdings : Option.none())

const COUNTED: ReadonlyArray<Column> = [
  { title: "Objects", align: "right" },
  { title: "Bytes", align: "right" }
]

const byDevice = (known: Pick<SyncStatus, "device" | "peers">, { devices }: Inventory) => {
  const labels = new Map([
    [known.device.id, `${nameOf(known.device.label)} (this one)`],
    ...known.peers.map(({ device, label }) => [device, nameOf(label)] as const)
  ])
  const strangers = [...devices].filter(([device]) => !labels.has(device))
  const rest = strangers.slice(MOST_STRANGERS).reduce(
    (sum, [, held]) => ({
      manifests: plus(sum.manifests, held.manifests),
      segments: plus(sum.segments, held.segments)
    }),
    NOTHING
  )
  return table(
    [
      { title: "Device" },
      { title: "Id" },
      { title: "Manifests", align: "right" },
      { title: "Segments", align: "right" },
      { title: "Bytes", align: "right" }
    ],
    [
      ...[...devices]
        .filter(([device]) => labels.has(device))
        .map(([device, held]) => holdingRow(labels.get(device) ?? "", device, held)),
      ...strangers.slice(0, MOST_STRANGERS).map(([device, held]) => holdingRow(UNKNOWN, device, held)),
      ...(strangers.length > MOST_STRANGERS ? [holdingRow(moreText(strangers.length), "", rest)] : [])
    ]
  )
}

const NOTHING: DeviceHolding = { manifests: { objects: 0, bytes: 0 }, segments: { objects: 0, bytes: 0 } }

const holdingRow = (label: string, device: string, { manifests, segments }: DeviceHolding): ReadonlyArray<string> => [
  label,
  device,
  countText(manifests.objects),
  countText(segments.objects),
  bytesText(plus(manifests, segments).bytes)
]

const byKind = (total: DeviceHolding) => {
  const together = plus(total.manifests, total.segments)
  return table(
    [{ title: "Kind" }, ...COUNTED],
    Object.entries({ ...total, together }).map(([kind, { bytes, objects }]) => [
      kind,
      countText(objects),
      bytesText(bytes)
    ])
  )
}

/** Only where something is not in the standard class. */
const byClass = ({ classes }: Inventory) =>
  [...classes.keys()].every((name) => name === "STANDARD")
    ? Effect.succeed("")
    : table(
        [{ title: "Storage class" }, ...COUNTED],
        [...classes].map(([name, { bytes, objects }]) => [printable(name), countText(objects), bytesText(bytes)])
      )
