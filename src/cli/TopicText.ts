/** A topic as plain text, in lines of at most so many cells. */

import { columnsOf } from "./Columns.ts"
import type { Block, Topic } from "./topics/Topic.ts"
import { wrap } from "./Wrapping.ts"

export const topicText = (topic: Topic, cells: number): string =>
  `${[[topic.title], ...topic.blocks.map((block) => linesOf(block, cells))].map((lines) => lines.join("\n")).join("\n\n")}\n`

const linesOf = (block: Block, cells: number): ReadonlyArray<string> => {
  if (typeof block === "string") return wrap(block, cells, "whole")
  if ("heading" in block) return wrap(block.heading, cells, "whole")
  if ("rows" in block) return columnsOf(block.rows, cells)
  return block.lines.map((line) => `  ${line}`)
}
