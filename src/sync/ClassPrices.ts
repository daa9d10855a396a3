/**
 * What Amazon asks for storage classes other than the standard one, in US dollars, as its price list has it for US East. Constants only: the error
 * report reads them too. What the standard class costs is in Prices.ts.
 */

import type { ArchiveClass } from "../store/ArchiveClass.ts"

/** When they were read: year and month. */
export const CLASSES_AS_OF = "2026-10"

/** STANDARD_IA: kept for a GB and month, read for a GB, and moved there for 1,000 objects. It bills each object as 128 KiB and 30 days at least. */
export const INFREQUENT = { storage: 0.0125, retrieval: 0.01, transitions: 0.01, leastBytes: 128 * 1024, leastDays: 30 }

export interface RestorePrice {
  /** For a GB brought back by the standard tier, and for 1,000 requests that ask for it. */
  readonly retrieval: number
  readonly requests: number
  /** Hours that the standard tier takes, and the bulk tier, which costs less or nothing. */
  readonly hours: readonly [least: number, most: number]
  readonly bulkHours: readonly [least: number, most: number]
}

/** Amazon says "within 12 hours" of deep archives, with nothing said of the least. */
export const RESTORE: Readonly<Record<ArchiveClass, RestorePrice>> = {
  GLACIER: { retrieval: 0.01, requests: 0.05, hours: [3, 5], bulkHours: [5, 12] },
  DEEP_ARCHIVE: { retrieval: 0.02, requests: 0.1, hours: [0, 12], bulkHours: [12, 48] },
  ARCHIVE_ACCESS: { retrieval: 0, requests: 0, hours: [3, 5], bulkHours: [5, 12] },
  DEEP_ARCHIVE_ACCESS: { retrieval: 0, requests: 0, hours: [0, 12], bulkHours: [12, 48] }
}

/** A GB of a restored copy, for a day: it is billed as standard storage beside the archived object. */
export const COPY_DAY = 0.023 / 30

/** Prices are for so many bytes. */
export const GIB = 2 ** 30
