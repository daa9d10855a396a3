/**
 * hx's own backup, version 1:
 *
 *     { "format": "hx-export", "version": 1, "entries": [ … ], "digest": "…" }
 *
 * One entry a line, so that backups can be compared with the tools for text. The digest (domain/HistoryDigest.ts) depends on the entries only, not on
 * their order. It is known when the last entry has been written, so it stands behind them: one pass, on a pipe as in a file, and a
 * backup that was cut off shows it by having none.
 */

import { makeHistoryDigest } from "../../domain/HistoryDigest.ts"
import type { HistoryEncoder } from "./HistoryEncoder.ts"
import { jsonEntry } from "./JsonEntry.ts"

export const encodeJsonExport = (): HistoryEncoder => {
  const digest = makeHistoryDigest()
  let first = true
  return {
    begin: () => Buffer.from(`{"format":"hx-export","version":1,"entries":[`),
    encode: (entries) => {
      let text = ""
      for (const entry of entries) {
        digest.add(entry)
        text += `${first ? "\n" : ",\n"}${jsonEntry(entry)}`
        first = false
      }
      return Buffer.from(text, "utf8")
    },
    end: () => Buffer.from(`\n],"digest":"${digest.value()}"}\n`)
  }
}
