/**
 * zsh's extended history (importers/Zsh.ts tells its rules), byte for byte what zsh would write: `fc -R` and `HISTFILE` read it back as it was.
 * Seconds are whole: fractions are lost, as is all that zsh does not know (directory, exit status). An unknown time or duration is 0.
 */

import * as Instant from "../../domain/Instant.ts"
import { byteText } from "./ByteText.ts"
import { encodeEachAsBytes, type HistoryEncoder } from "./HistoryEncoder.ts"

export const encodeZsh = (): HistoryEncoder =>
  encodeEachAsBytes((entry) => {
    const command = metafy(byteText(entry.command))
    const protection = ENDS_IN_BACKSLASH.test(command) ? " " : ""
    return `: ${seconds(entry.start)}:${seconds(entry.duration)};${command.replaceAll("\n", "\\\n")}${protection}\n`
  })

const seconds = (micros: number | null): number =>
  micros === null ? 0 : Math.max(0, Math.floor(micros / Instant.SECOND))

const ENDS_IN_BACKSLASH = /\\ *$/

const SPECIAL = /[\x00\x83-\xa2]/g

const metafy = (bytes: string): string =>
  bytes.replace(SPECIAL, (byte) => `\x83${String.fromCharCode(byte.charCodeAt(0) ^ 0x20)}`)
