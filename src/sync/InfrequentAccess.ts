/** Whether STANDARD_IA pays for a vault's segments: cheaper to keep, dearer to move there and to read. Pure. */

import { GIB, INFREQUENT } from "./ClassPrices.ts"

export interface LargeSegments {
  /** Segments that STANDARD_IA would take: smaller ones are billed as 128 KiB, and stay where they are. */
  readonly objects: number
  readonly bytes: number
}

export interface InfrequentAccess {
  readonly pays: boolean
  readonly segments: LargeSegments
  /** US dollars at list prices: saved a month; paid once to move them; paid by each device that joins and reads them all. */
  readonly saving: number
  readonly moving: number
  readonly joining: number
  /** Bytes from which it pays, in segments of the present average size. */
  readonly paysFrom: number
}

/** It pays where a year with one new device saves a cent a month; `storage` is what the standard class costs, for a GB and month. */
export const infrequentAccess = (segments: LargeSegments, storage: number): InfrequentAccess => {
  const gib = segments.bytes / GIB
  const average = segments.objects === 0 ? INFREQUENT.leastBytes : segments.bytes / segments.objects
  const monthly = Math.max(0, storage - INFREQUENT.storage)
  const saving = gib * monthly
  const moving = (segments.objects / 1000) * INFREQUENT.transitions
  const joining = gib * INFREQUENT.retrieval
  const yearOfGib = 12 * monthly - INFREQUENT.retrieval - (GIB / average / 1000) * INFREQUENT.transitions
  return {
    pays: 12 * saving - moving - joining >= WORTH_A_YEAR,
    segments,
    saving,
    moving,
    joining,
    paysFrom: yearOfGib > 0 ? (WORTH_A_YEAR / yearOfGib) * GIB : Infinity
  }
}

/** Less is not worth a rule, nor that new devices pay for reading. */
const WORTH_A_YEAR = 0.12
