/**
 * What Amazon asks for a bucket, in US dollars, as its price list had it for US East on the day of `asOf`; and what the user has set instead. Other
 * regions cost a little more, other providers mostly less.
 */

import { Effect } from "effect"
import { Settings } from "../platform/Settings.ts"
import * as SyncSettings from "../platform/SyncSettings.ts"

export interface Prices {
  /** For a GB (2^30 bytes) kept for a month, in the standard class. */
  readonly storage: number
  /** For 1,000 requests that write or list: PUT, COPY, POST, LIST, and each step of a multipart upload. */
  readonly writes: number
  /** For 1,000 requests that read: GET, HEAD and the rest. Deleting and aborting cost nothing. */
  readonly reads: number
  /** For a GB sent to the internet, beyond what is free. */
  readonly egress: number
  /** GB that an account may fetch in a month before they cost anything. */
  readonly freeEgress: number
  /** Settings that replace a list price: their variables. */
  readonly overridden: ReadonlyArray<string>
  /** When the list prices were read: year and month. */
  readonly asOf: string
}

export const GB = 2 ** 30

export const AS_OF = "2026-10"

const FREE_EGRESS = 100

/** List prices are the defaults of the settings. */
export const prices = Effect.gen(function* () {
  const settings = yield* Settings
  const storage = yield* settings.resolve(SyncSettings.PriceStorage)
  const writes = yield* settings.resolve(SyncSettings.PricePut)
  const reads = yield* settings.resolve(SyncSettings.PriceGet)
  const egress = yield* settings.resolve(SyncSettings.PriceEgress)
  return {
    storage: storage.value,
    writes: writes.value,
    reads: reads.value,
    egress: egress.value,
    freeEgress: FREE_EGRESS,
    overridden: [storage, writes, reads, egress].flatMap(({ setting, source }) =>
      source === "default" ? [] : [setting.variable]
    ),
    asOf: AS_OF
  } satisfies Prices as Prices
})
