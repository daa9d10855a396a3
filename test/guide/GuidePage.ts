/**
 * A page of the guide, as what is to be done with each of its fenced blocks. A comment before a block says so, and nothing without one is accepted:
 *
 *   <!-- on laptop -->                  bash runs it on the device of that name; every command has to succeed
 *   <!-- on laptop, ends with 3 -->     its last command ends with this exit code
 *   <!-- prints -->                     its lines are among those that the block before it printed, in this order; "…" stands for anything
 *   <!-- file lifecycle.json -->        it is written to this file, where the next block is run
 *   <!-- not run: why -->               it is only looked at: each hx command in it has to exist, with its options
 */

export type Step =
  | {
      readonly kind: "run"
      readonly line: number
      readonly device: string
      readonly exit: number
      readonly script: string
    }
  | { readonly kind: "prints"; readonly line: number; readonly lines: ReadonlyArray<string> }
  | { readonly kind: "file"; readonly line: number; readonly name: string; readonly text: string }
  | { readonly kind: "look"; readonly line: number; readonly why: string; readonly script: string }

export class UnmarkedBlock extends Error {}

export const stepsOf = (page: string): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  for (const match of page.matchAll(/(?:^<!-- (.*?) -->\n+)?^ *```(\w*)\n([\s\S]*?)^ *```$/gm)) {
    const [, mark, , body = ""] = match
    const line = page.slice(0, match.index).split("\n").length
    steps.push(stepOf(mark, body, line))
  }
  return steps
}

const stepOf = (mark: string | undefined, body: string, line: number): Step => {
  const run = /^on (\w+)(?:, ends with (\d+))?$/.exec(mark ?? "")
  if (run !== null) return { kind: "run", line, device: run[1] ?? "", exit: Number(run[2] ?? 0), script: body }
  if (mark === "prints") return { kind: "prints", line, lines: body.trimEnd().split("\n") }
  const file = /^file (\S+)$/.exec(mark ?? "")
  if (file !== null) return { kind: "file", line, name: file[1] ?? "", text: body }
  const look = /^not run: (.+)$/.exec(mark ?? "")
  if (look !== null) return { kind: "look", line, why: look[1] ?? "", script: body }
  throw new UnmarkedBlock(`line ${line}: what is to be done with this block? ${mark ?? ""}`)
}

/** The first expected line that is not among those printed after the one before it; undefined where all are. */
export const missingLine = (expected: ReadonlyArray<string>, printed: string): string | undefined => {
  const lines = printed.split("\n")
  let from = 0
  for (const line of expected) {
    if (line.trim() === "" || line.trim() === "…") continue
    const pattern = new RegExp(
      `^${line
        .trim()
        .split("…")
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+"))
        .join(".*")}$`
    )
    const at = lines.findIndex((each, index) => index >= from && pattern.test(each.trim()))
    if (at === -1) return line
    from = at + 1
  }
  return undefined
}
