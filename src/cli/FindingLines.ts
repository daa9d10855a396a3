/** One line for each thing that was looked at: how it is, what it is, how long it took, what was found; and below it what to do. */

import type { OutputService, Style } from "./Output.ts"
import { printable } from "./Printable.ts"
import { withoutSecrets } from "./Secrets.ts"
import { cellsOf, wrap } from "./Wrapping.ts"

export interface FindingLine {
  readonly mark: "ok" | "warning" | "failed" | "problem" | "skipped"
  readonly title: string
  /** Milliseconds; undefined where nothing was measured. */
  readonly millis?: number | undefined
  readonly detail: string
  readonly cure?: string | undefined
}

/** With a column for times, or without. Where a terminal leaves the text too little room beside the rest, it stands below. */
export const findingLines = (line: FindingLine, output: OutputService, timed: boolean): string => {
  const time = timed ? (line.millis === undefined ? "" : `${Math.round(line.millis)} ms`).padStart(TIME) : ""
  const head = `${output.styled(STYLES[line.mark], line.mark.padEnd(MARK))} ${line.title.padEnd(TITLE)}${time}`
  const beside = MARK + 1 + TITLE + time.length + GAP.length
  const room = output.terminal ? output.columns : Number.POSITIVE_INFINITY
  const parts = [line.detail, line.cure ?? ""]
    .filter((part) => part !== "")
    .map((part) => printable(withoutSecrets(part)))
  const below = room - beside < NARROWEST && parts.some((part) => cellsOf(part) > room - beside)
  const indent = below ? BELOW : beside
  const text = parts.flatMap((part) => wrap(part, room - indent, "whole"))
  if (text.length === 0) return head.trimEnd()
  const separator = `\n${" ".repeat(indent)}`
  return `${below ? head.trimEnd() + separator : head + GAP}${text.join(separator)}`.trimEnd()
}

const GAP = "  "
const BELOW = 4
const MARK = 7
const TITLE = 17
const TIME = 9
const NARROWEST = 34

const STYLES: Readonly<Record<FindingLine["mark"], Style>> = {
  ok: "green",
  warning: "yellow",
  failed: "red",
  problem: "red",
  skipped: "dim"
}
