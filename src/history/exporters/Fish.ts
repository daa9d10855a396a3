/** fish's history (importers/Fish.ts tells its rules): fish reads it back as it was. Seconds are whole; without a time there is no `when`. */

import * as Instant from "../../domain/Instant.ts"
import { byteText } from "./ByteText.ts"
import { encodeEachAsBytes, type HistoryEncoder } from "./HistoryEncoder.ts"

export const encodeFish = (): HistoryEncoder =>
  encodeEachAsBytes((entry) => {
    const command = byteText(entry.command).replace(/[\\\n]/g, (found) => (found === "\n" ? "\\n" : "\\\\"))
    const when = entry.start === null ? "" : `  when: ${Math.max(0, Math.floor(entry.start / Instant.SECOND))}\n`
    return `- cmd: ${command}\n${when}`
  })
