/** Every format of `hx export`. */

import { encodeBash } from "./Bash.ts"
import { encodeCsv } from "./Csv.ts"
import { encodeFish } from "./Fish.ts"
import type { ExportFormat, HistoryEncoder } from "./HistoryEncoder.ts"
import { encodeJsonExport } from "./JsonExport.ts"
import { encodeJsonLines } from "./JsonLines.ts"
import { encodeZsh } from "./Zsh.ts"

/** One encoder writes one file. */
export const makeEncoder = (format: ExportFormat): HistoryEncoder => {
  switch (format) {
    case "json":
      return encodeJsonExport()
    case "jsonl":
      return encodeJsonLines()
    case "csv":
      return encodeCsv()
    case "zsh":
      return encodeZsh()
    case "bash":
      return encodeBash()
    case "fish":
      return encodeFish()
  }
}
