/** Sentences of a result: on a terminal, lines broken at blanks and not in the middle of words; elsewhere as they are. */

import type { OutputService } from "./Output.ts"
import { wrap } from "./Wrapping.ts"

export const prose = (text: string, output: Pick<OutputService, "terminal" | "columns">): string =>
  output.terminal ? wrap(text, output.columns, "whole").join("\n") : text
