/**
 * bash's history with times, byte for byte what bash writes with HISTTIMEFORMAT set; that variable has to be set to read it, too, or bash takes
 * every line of a command for a command. An unknown time is `#0`. bash escapes nothing, so it does not read everything back that it writes:
 * empty lines in a command, and lines that begin with `#` and a digit, are lost on it. Importing into hx keeps them (importers/Bash.ts).
 */

import * as Instant from "../../domain/Instant.ts"
import { byteText } from "./ByteText.ts"
import { encodeEachAsBytes, type HistoryEncoder } from "./HistoryEncoder.ts"

export const encodeBash = (): HistoryEncoder =>
  encodeEachAsBytes((entry) => {
    const seconds = entry.start === null ? 0 : Math.max(0, Math.floor(entry.start / Instant.SECOND))
    return `#${seconds}\n${byteText(entry.command)}\n`
  })
