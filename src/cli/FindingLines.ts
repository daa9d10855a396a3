/** One line for each thing that was looked at: how it is, what it is, how long it took, what was found; and below it what to do. */

import type { OutputService, Style } from "./Output.ts"
import { printable } from "./Printable.ts"
import { withoutSecrets } from "./Secrets.ts"
import { wrap } from "./Wrapping.ts"

export interface FindingLine {
  readonly mark: "ok" | "warning" | "failed" | "problem" | "skipped"
  readonly title: string
  /** Milliseconds; undefined where nothing was measured. */
  readonly millis?: number | undefined
  readonly detail: string
  readonly cure?: string | undefined
}

/** With a column for times, or without. */
export const findingLines = (line: FindingLine, output: OutputService, timed: boolean): string => {
  const time = timed ? (line.millis === undefined ? "" : `${Math.round(line.millis)} ms`).padStart(TIME) : ""
  const head = `${output.styled(STYLES[line.mark], line.mark.padEnd(MARK))} ${line.title.padEnd(TITLE)}${time}  `
  const indent = MARK + 1 + TITLE + time.length + 2
  const room = output.terminal ? Math.max(NARROWEST, output.columns - indent) : Number.POSITIVE_INFINITY
  const text = [line.detail, ...(line.cure === undefined ? [] : [line.cure])]
    .flatMap((part) => wrap(printable(withoutSecrets(part)), room, "whole"))
    .join(`\n${" ".repeat(indent)}`)
  return `${head}${text}`.trimEnd()
}

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
