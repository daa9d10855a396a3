/** How long ago and how long, in four cells: "now", "35s", "12m", "9h", "14d", "8mo", "3y". Both in µs. */

export const ageText = (start: number | null, now: number): string => {
  if (start === null) return ""
  const seconds = Math.floor((now - start) / 1_000_000)
  // A clock that differs: there is nothing to reckon from.
  if (seconds < -60) return "?"
  if (seconds < 5) return "now"
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`
  const days = Math.floor(seconds / 86_400)
  if (days < 60) return `${days}d`
  return days < 730 ? `${Math.floor(days / 30.44)}mo` : `${Math.min(999, Math.floor(days / 365.25))}y`
}
