/** How long ago something was. */

import { counted, momentText } from "./Units.ts"

/**
 * "3 min ago (2026-11-22 18:04:05)"; both in µs since 1970. What lies ahead of our clock was written by one that differs from it, or ours was set
 * back: then there is nothing to reckon from.
 */
export const whenText = (at: number, now: number): string => {
  const ago = agoText(at, now)
  return ago === undefined ? `${momentText(at)} (clock differs)` : `${ago} (${momentText(at)})`
}

/** "3 min ago"; undefined for what is ahead by more than clocks commonly differ. */
export const agoText = (at: number, now: number): string | undefined => {
  const seconds = Math.floor((now - at) / 1_000_000)
  if (seconds < -TOLERANCE) return undefined
  if (seconds < 5) return "just now"
  if (seconds < 60) return `${seconds} s ago`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ago`
  const days = Math.floor(hours / 24)
  if (days < 60) return `${days} days ago`
  return days < 730 ? `${Math.floor(days / 30)} months ago` : counted(Math.floor(days / 365), "year ago", "years ago")
}

/** Seconds. */
const TOLERANCE = 60
