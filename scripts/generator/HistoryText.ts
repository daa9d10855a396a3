/** Generated records as the shells write them to their history files; one text for each record. */

import type { HistoryRecord } from "./History.ts"

/**
 * zsh with EXTENDED_HISTORY: a newline in the command is preceded by a backslash. zsh would metafy some bytes too; what is generated has none
 * that reads in another way without (0x83).
 */
export const toZshExtended = (record: HistoryRecord): string =>
  `: ${seconds(record.start)}:${seconds(record.duration)};${record.command.replaceAll("\n", "\\\n")}\n`

/** bash with HISTTIMEFORMAT set, and cmdhist and lithist: several lines of one command stand as they are. */
export const toBash = (record: HistoryRecord): string => `#${seconds(record.start)}\n${record.command}\n`

/** fish: escapes backslash and newline. */
export const toFish = (record: HistoryRecord): string =>
  `- cmd: ${record.command.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n  when: ${seconds(record.start)}\n`

const seconds = (micros: number): number => Math.floor(micros / 1_000_000)
