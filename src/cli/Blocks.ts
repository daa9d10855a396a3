/** Pictures of numbers in block characters, without colours. */

/** A bar of at most so many cells, in eighths of a cell; what is not nothing can be seen. */
export const bar = (count: number, most: number, cells: number): string => {
  if (count <= 0 || most <= 0) return ""
  const eighths = Math.max(1, Math.round((8 * cells * count) / most))
  return "█".repeat(Math.floor(eighths / 8)) + (ACROSS[eighths % 8] ?? "")
}

/**
 * Columns beside each other, as lines from the top: `height` lines high, each column `cells` wide with one blank behind it where there are
 * more than one.
 */
export const columns = (counts: ReadonlyArray<number>, height: number, cells: number): ReadonlyArray<string> => {
  const most = Math.max(0, ...counts)
  const eighths = counts.map((count) => (count <= 0 ? 0 : Math.max(1, Math.round((8 * height * count) / most))))
  return Array.from({ length: height }, (_, line) => {
    const below = 8 * (height - 1 - line)
    return eighths
      .map((each) => (UP[Math.min(8, Math.max(0, each - below))] ?? " ").repeat(Math.max(1, cells - 1)))
      .join(cells > 1 ? " " : "")
      .trimEnd()
  })
}

const ACROSS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
const UP = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
