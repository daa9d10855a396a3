/**
 * What `hx doctor` does and says: a line for each thing it looks at, `ok`, `warning` or `problem`, and what to do. It changes nothing. Warnings are
 * for the user to weigh: with no problem the exit code is 0, else that of the first problem.
 *
 * With --json: `problems`, `warnings` (how many), `checks` [{`check` (`data-directory`), `outcome` (`ok`, `warning`, `problem`, `skipped`), `detail`, `cure` (null:
 * none), `code` (the exit code of a problem, else null)}].
 */

import { Cause, Effect, Either, Layer } from "effect"
import { existsSync } from "node:fs"
import { Paths } from "../../../platform/Paths.ts"
import type { UserFileError } from "../../../platform/UserFile.ts"
import { type Finding, runChecks } from "../../../store/Checks.ts"
import { BOUNDS } from "../../../sync/Check.ts"
import { Diagnosed } from "../../Diagnosed.ts"
import { database, history } from "../../doctor/History.ts"
import type { Look } from "../../doctor/Look.ts"
import { machine } from "../../doctor/Machine.ts"
import { completions } from "../../doctor/Shells.ts"
import { syncing } from "../../doctor/Sync.ts"
import { wishes as set } from "../../doctor/Wishes.ts"
import { type Report, type Reportable, reportOf } from "../../ErrorReport.ts"
import { findingLines } from "../../FindingLines.ts"
import { type Json, Output, type OutputService } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { withoutSecrets } from "../../Secrets.ts"
import { services, wishes } from "../../SyncLayers.ts"
import { counted } from "../../Units.ts"

export const run = ({ offline }: { readonly offline: boolean }) =>
  Effect.gen(function* () {
    const output = yield* Output
    const findings = yield* lookAll(offline, tellTo(output))
    const problems = findings.filter(({ outcome }) => outcome === "failed")
    const warnings = findings.filter(({ outcome }) => outcome === "warning")
    yield* output.result({ problems: problems.length, warnings: warnings.length, checks: findings.map(toJson) }, () =>
      output.styled("bold", verdict(problems.length, warnings.length))
    )
    const [first] = problems
    if (first !== undefined) return yield* new Diagnosed({ report: reportFor(first) })
  }).pipe(Effect.provide(wishes))

type Told = Finding<Reportable>
type Tell = (finding: Told) => Effect.Effect<void, UserFileError>

/** The history and what needs it come last, and only where there is one that is sound: to look is no reason to make it. */
const lookAll = Effect.fnUntraced(function* (offline: boolean, tell: Tell) {
  const { database: path } = yield* Paths
  const first = yield* look([...machine, ...set, completions, database], tell)
  if (!existsSync(path) || first.at(-1)?.outcome === "failed") return first
  return [...first, ...(yield* lookInside(offline, tell))]
})

const lookInside = Effect.fnUntraced(function* (offline: boolean, tell: Tell) {
  const inside = [...history, ...syncing(offline)]
  const opened = yield* Effect.either(Layer.build(services))
  if (Either.isRight(opened)) return yield* Effect.provide(look(inside, tell), opened.right)
  // Settings that cannot be used, which have been told.
  yield* Effect.logDebug("Nothing was opened:", opened.left)
  const untried = inside.map(({ id }): Told => ({ ...NOTHING, id, outcome: "skipped", blockedBy: "settings" }))
  return yield* Effect.forEach(untried, (finding) => Effect.as(tell(finding), finding))
}, Effect.scoped)

const NOTHING = { detail: undefined, cure: undefined, error: undefined, millis: undefined }

const look = <R>(looks: ReadonlyArray<Look<R>>, tell: Tell) =>
  runChecks<Reportable, R, UserFileError, never>(looks, BOUNDS, tell)

const tellTo =
  (output: OutputService): Tell =>
  (finding) =>
    output.json ? Effect.void : output.result({}, () => findingLines(lineOf(finding), output, false))

const lineOf = (finding: Told) => ({
  mark: finding.outcome === "failed" ? ("problem" as const) : finding.outcome,
  title: finding.id,
  detail: detailOf(finding),
  cure: finding.error === undefined ? finding.cure : reportFor(finding).hint
})

const detailOf = (finding: Told): string => {
  if (finding.blockedBy !== undefined) return `since this did not go well: ${finding.blockedBy}`
  if (finding.error === undefined) return finding.detail ?? ""
  const { subject, what } = reportFor(finding)
  return `${what}: ${subject}`
}

const reportFor = ({ cure, detail, error, id }: Told): Report => {
  const report =
    error === undefined ? { what: id, subject: "", hint: "", code: 1 as const } : reportOf(Cause.fail(error))
  return { ...report, subject: detail ?? report.subject, hint: cure ?? report.hint }
}

const toJson = (finding: Told): Json => ({
  check: finding.id.toLowerCase().replace(/[^a-z]+/g, "-"),
  outcome: lineOf(finding).mark,
  detail: clean(detailOf(finding)),
  cure: lineOf(finding).cure === undefined ? null : clean(lineOf(finding).cure ?? ""),
  code: finding.error === undefined ? null : reportFor(finding).code
})

const clean = (text: string): string => printable(withoutSecrets(text))

const verdict = (problems: number, warnings: number): string => {
  if (problems + warnings === 0) return "Nothing is wrong."
  const parts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : [])
  ]
  return `${parts.join(", ")}.`
}
