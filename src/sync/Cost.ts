/**
 * What a store costs in a month, about. Pure.
 *
 * Storage is reckoned as if all that is held now were held for the whole month. Requests are those of this device alone, as counted since the month
 * began, and not projected: one push of a large history would make any projection nonsense. Every request that may have reached the store counts, though
 * Amazon does not bill those that its own failures end. What all other devices and programs of the account do is not known here.
 */

import type { StoreLocation } from "../store/StoreUrl.ts"
import { GB, type Prices } from "./Prices.ts"
import { type MonthUse, totalUse } from "./Usage.ts"

export type Cost =
  /** A folder: whoever keeps it may have to be paid, but hx does not know. */
  { readonly _tag: "Free" } | Estimate

export interface Estimate {
  readonly _tag: "Estimate"
  /** Other services are reckoned at Amazon's list prices, for want of theirs. */
  readonly provider: "aws" | "other"
  readonly storage: { readonly bytes: number; readonly basis: Held["basis"]; readonly dollars: number }
  /** Requests that write or list; that read; that cost nothing; and restores, which are billed by what they bring back, not reckoned here. */
  readonly writes: Priced
  readonly reads: Priced
  readonly free: Priced
  readonly restores: Priced
  readonly egress: { readonly bytes: number; readonly dollars: number }
  /** US dollars, of all the above. */
  readonly total: number
}

export interface Priced {
  readonly requests: number
  readonly dollars: number
}

/** Bytes in the store: as it listed them just now, or as manifests that were read named them. */
export interface Held {
  readonly bytes: number
  readonly basis: "asked" | "remembered"
}

export const costOf = (
  place: { readonly kind: StoreLocation["_tag"]; readonly endpoint: string | undefined },
  month: MonthUse,
  held: Held,
  prices: Prices
): Cost => {
  if (place.kind === "Folder") return { _tag: "Free" }
  const of = (kind: RequestKind, price: number): Priced => {
    const requests = month.operations.reduce(
      (sum, use) => (kindOf(use.operation) === kind ? sum + use.requests : sum),
      0
    )
    return { requests, dollars: exact((requests / 1000) * price) }
  }
  const { received } = totalUse(month)
  const storage = { ...held, dollars: exact((held.bytes / GB) * prices.storage) }
  const [writes, reads] = [of("writes", prices.writes), of("reads", prices.reads)]
  const billed = Math.max(0, received / GB - prices.freeEgress)
  const egress = { bytes: received, dollars: exact(billed * prices.egress) }
  return {
    _tag: "Estimate",
    provider: isAmazon(place.endpoint) ? "aws" : "other",
    storage,
    writes,
    reads,
    free: of("free", 0),
    restores: of("restores", 0),
    egress,
    total: exact(storage.dollars + writes.dollars + reads.dollars + egress.dollars)
  }
}

type RequestKind = "writes" | "reads" | "free" | "restores"

const KINDS: Readonly<Record<string, RequestKind>> = {
  list: "writes",
  put: "writes",
  "put part": "writes",
  "start upload": "writes",
  "finish upload": "writes",
  delete: "free",
  "abort upload": "free",
  restore: "restores"
}

/** Amazon bills "GET and all other requests" alike. */
const kindOf = (operation: string): RequestKind => KINDS[operation] ?? "reads"

const isAmazon = (endpoint: string | undefined): boolean =>
  endpoint === undefined || (URL.canParse(endpoint) && AMAZON.test(new URL(endpoint).hostname))

const AMAZON = /(^|\.)amazonaws\.com(\.cn)?$/

/** Without the noise that adding binary fractions makes: no price has more decimals. */
const exact = (dollars: number): number => Math.round(dollars * 1e10) / 1e10
