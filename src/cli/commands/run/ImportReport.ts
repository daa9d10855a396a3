/** What came of one imported file, for people and for programs. */

import type { Json } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { counted, countText } from "../../Units.ts"
import type { Imported } from "./Import.ts"

export const importedJson = ({ file, format, report }: Imported): { readonly [key: string]: Json } => ({
  file,
  format,
  read: report.read,
  added: report.added,
  merged: report.merged,
  known: report.known,
  forgotten: report.refused,
  shadowed: report.shadowed,
  unreadable: report.problems,
  firstUnreadable: report.firstProblems.map(({ line, why }) => ({ line, why }))
})

export const importedLines = ({ file, format, report }: Imported, dryRun: boolean): ReadonlyArray<string> => {
  const parts = [
    `${countText(report.added)} new`,
    ...(report.merged > 0 ? [`${countText(report.merged)} of which more is known now`] : []),
    ...(report.known > 0 ? [`${countText(report.known)} known already`] : []),
    ...(report.refused > 0 ? [`${countText(report.refused)} forgotten before and left out`] : []),
    ...(report.shadowed > 0 ? [`${countText(report.shadowed)} also recorded live and shown once`] : [])
  ]
  const read = `${file === "-" ? "standard input" : printable(file)} (${format}): ${counted(report.read, "entry", "entries")}, ${parts.join(", ")}`
  return [dryRun ? `Would import ${read}` : read, ...problemLines(report)]
}

const problemLines = ({ firstProblems, problems }: Imported["report"]): ReadonlyArray<string> => {
  if (problems === 0) return []
  const more = problems - firstProblems.length
  return [
    `  ${counted(problems, "problem")}; everything else was read:`,
    ...firstProblems.map(({ line, why }) => `  line ${line}: ${printable(why)}`),
    ...(more > 0 ? [`  and ${countText(more)} more`] : [])
  ]
}
