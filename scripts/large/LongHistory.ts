/** A history that takes room: commands with words that no compression makes shorter, as a zsh history file. */

import { writeFileSync } from "node:fs"
import { SeededRandom } from "../generator/SeededRandom.ts"

/** So many commands of about so many bytes each, one a minute. */
export const writeLongHistory = (file: string, count: number, bytes: number, seed: number): void => {
  const random = new SeededRandom(seed)
  const lines: Array<string> = []
  for (let index = 0; index < count; index++) {
    lines.push(`: ${1_600_000_000 + 60 * index}:1;curl -d ${random.hex(bytes)} https://example.org/${index}\n`)
  }
  writeFileSync(file, lines.join(""))
}
