/** JSONL: one entry (JsonEntry.ts) a line and nothing else. */

import { encodeEach, type HistoryEncoder } from "./HistoryEncoder.ts"
import { jsonEntry } from "./JsonEntry.ts"

export const encodeJsonLines = (): HistoryEncoder => encodeEach((entry) => `${jsonEntry(entry)}\n`)
