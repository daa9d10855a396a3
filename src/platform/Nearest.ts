/** "Did you mean": the known word nearest to what was typed. */

/** The nearest word, or undefined where none is near enough to be what was meant. */
export const nearest = (typed: string, known: ReadonlyArray<string>): string | undefined => {
  const wanted = fold(typed)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const word of known) {
    const distance = editDistance(wanted, fold(word))
    if (distance < bestDistance) {
      best = word
      bestDistance = distance
    }
  }
  return best
}

/** Case and the choice between "-", "_" and nothing are never what tells two names apart. */
const fold = (word: string): string => word.toLowerCase().replaceAll(/[-_.]/g, "")

/** Insertions, deletions, replacements and swaps of neighbours (Damerau and Levenshtein, optimal string alignment). */
const editDistance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
