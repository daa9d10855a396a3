/** Sizes as people write them: `1024` and `1024B` are bytes, `5MB` is 5,000,000, `8MiB` is 8·1024². */

import { Option } from "effect"

export const SIZE_FORM = "a size such as 1024, 512KiB, 5MB or 8MiB"

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40
}

/** Bytes. */
export const parseSize = (text: string): Option.Option<number> => {
  const match = /^(\d{1,16}) ?([a-z]{0,3})$/i.exec(text.trim())
  const unit = match === null ? undefined : UNITS[(match[2] ?? "").toLowerCase()]
  if (match === null || unit === undefined) return Option.none()
  const bytes = Number(match[1]) * unit
  return Number.isSafeInteger(bytes) ? Option.some(bytes) : Option.none()
}

/** The text that parseSize reads back exactly: in the largest binary unit that divides it. */
export const formatSize = (bytes: number): string => {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const size = UNITS[unit.toLowerCase()] ?? 1
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return String(bytes)
}
