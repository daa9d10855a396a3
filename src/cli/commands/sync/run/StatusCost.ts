/** What `hx sync status --detailed` says of money: an estimate, and what it rests on. */

import { Effect } from "effect"
import { type Cost, costOf, type Estimate } from "../../../../sync/Cost.ts"
import { type Prices, prices } from "../../../../sync/Prices.ts"
import { heldBytes, type SyncStatus } from "../../../../sync/Status.ts"
import { type Json, Output } from "../../../Output.ts"
import { prose } from "../../../Prose.ts"
import { table } from "../../../Table.ts"
import { bytesText, counted } from "../../../Units.ts"

export interface Reckoned {
  readonly cost: Cost
  readonly prices: Prices
}

export const reckon = Effect.fn("StatusCost.reckon")(function* (known: SyncStatus) {
  const asked = yield* prices
  return { cost: costOf(known.place, known.usage[0], heldBytes(known), asked), prices: asked } satisfies Reckoned
})

export const costText = Effect.fnUntraced(function* ({ cost, prices: asked }: Reckoned) {
  if (cost._tag === "Free") return "Estimated monthly cost: a folder costs nothing that hx knows of."
  const lines = linesOf(cost)
  // Of what is shown, so that the sum is that of the lines.
  const total = lines.reduce((sum, { dollars }) => sum + rounded(dollars), 0)
  const drawn = yield* table(
    [{ title: "Estimated monthly cost" }, { title: "" }, { title: "US$", align: "right" }],
    [...lines, { name: "together", what: "", dollars: total }].map(({ dollars, name, what }) => [
      name,
      what,
      rounded(dollars).toFixed(DECIMALS)
    ])
  )
  const output = yield* Output
  return [drawn, ...assumptions(cost, asked).map((line) => prose(line, output))].join("\n")
})

const linesOf = ({ egress, free, reads, restores, storage, writes }: Estimate) => [
  {
    name: "storage",
    what: `${bytesText(storage.bytes)}, ${storage.basis === "asked" ? "as the store lists it now" : "as far as this device knows"}`,
    dollars: storage.dollars
  },
  { name: "PUT, POST, LIST", what: counted(writes.requests, "request"), dollars: writes.dollars },
  { name: "GET, HEAD", what: counted(reads.requests, "request"), dollars: reads.dollars },
  { name: "DELETE", what: counted(free.requests, "request"), dollars: free.dollars },
  ...(restores.requests === 0
    ? []
    : [
        {
          name: "restores",
          what: `${counted(restores.requests, "request")}, billed by what they bring back: not reckoned`,
          dollars: 0
        }
      ]),
  { name: "received", what: bytesText(egress.bytes), dollars: egress.dollars }
]

const DECIMALS = 4

const rounded = (dollars: number): number => Math.round(dollars * 10 ** DECIMALS) / 10 ** DECIMALS

const assumptions = ({ provider }: Estimate, asked: Prices): ReadonlyArray<string> => {
  const list = `Amazon's list prices for US East as of ${asked.asOf}`
  const whose =
    provider === "aws"
      ? `At ${list}`
      : `This is not Amazon's S3, and hx does not know what it costs: reckoned at ${list}`
  const own = asked.overridden.length === 0 ? "" : `, and yours (${asked.overridden.join(", ")})`
  const prices = `${asked.storage} for a GB a month, ${asked.writes} and ${asked.reads} for 1,000 requests, ${asked.egress} for a GB received`
  return [
    `${whose}${own}: ${prices}. HX_SYNC_PRICE_STORAGE, _PUT, _GET and _EGRESS set others.`,
    `Storage as if kept the whole month in the standard class. Requests and bytes of this device alone, as counted so far this month, not projected; ${asked.freeEgress} GB received a month are free.`
  ]
}

export const costJson = ({ cost, prices: asked }: Reckoned): Json =>
  cost._tag === "Free"
    ? { estimated: false, total: 0 }
    : {
        estimated: true,
        currency: "USD",
        provider: cost.provider,
        total: cost.total,
        storage: cost.storage,
        writes: { ...cost.writes },
        reads: { ...cost.reads },
        free: { ...cost.free },
        restores: { ...cost.restores },
        egress: { ...cost.egress },
        prices: {
          asOf: asked.asOf,
          storage: asked.storage,
          writes: asked.writes,
          reads: asked.reads,
          egress: asked.egress,
          freeEgress: asked.freeEgress,
          overridden: asked.overridden
        }
      }
