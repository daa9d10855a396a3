/** Adding up what several batches did to the history. */

import type { Absorbed } from "../db/HistoryDb.ts"

export const NOTHING_ABSORBED: Absorbed = { added: 0, merged: 0, known: 0, refused: 0, removed: 0 }

export const addAbsorbed = (a: Absorbed, b: Absorbed): Absorbed => ({
  added: a.added + b.added,
  merged: a.merged + b.merged,
  known: a.known + b.known,
  refused: a.refused + b.refused,
  removed: a.removed + b.removed
})
