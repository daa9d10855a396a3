/**
 * What `hx sync check` does and says: a line for each step as soon as it is done, and the exit code of the first that failed. At most 65 seconds.
 *
 * With --json: `store`, `pull` and `push` (whether they would work; null: not found out), `checks` [{`check`, `outcome` (`ok`, `warning`, `failed`,
 * `skipped`), `milliseconds` (null: nothing was done), `detail`, `cure` (null: none), `code` (the exit code of a failure, else null)}]. With --policy:
 * the policy alone, or with --json as well `policy`.
 */

import { Cause, Effect, Option } from "effect"
import { Paths } from "../../../../platform/Paths.ts"
import type { Finding } from "../../../../store/Checks.ts"
import { describeLocation, parseStoreUrl, quotingHint } from "../../../../store/StoreUrl.ts"
import { accessPolicy, type Extra } from "../../../../sync/AccessPolicy.ts"
import { check, type CheckError, type CheckTarget } from "../../../../sync/Check.ts"
import { checkTarget } from "../../../../sync/CheckTarget.ts"
import { Diagnosed } from "../../../Diagnosed.ts"
import { type Report, reportOf } from "../../../ErrorReport.ts"
import { findingLines } from "../../../FindingLines.ts"
import { jsonText } from "../../../JsonText.ts"
import { type Json, Output, type OutputService } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { withoutSecrets } from "../../../Secrets.ts"
import { storeSetting } from "../../../StoreSetting.ts"
import { layer } from "../../../SyncLayers.ts"
import { UsageError } from "../../../UsageError.ts"

export interface CheckGiven {
  readonly store: Option.Option<string>
  readonly readOnly: boolean
  readonly policy: boolean
  readonly extras: ReadonlyArray<Extra>
}

export const run = (given: CheckGiven) =>
  Effect.gen(function* () {
    const paths = yield* Paths
    const url = yield* Effect.transposeMapOption(given.store, (text) => parseStoreUrl(text, paths))
    const hint = Option.flatMap(url, quotingHint)
    if (Option.isSome(hint)) yield* Effect.logInfo(`Note: ${hint.value}.`)
    const target = yield* checkTarget(url, Option.isSome(url) ? url : yield* storeSetting)
    if (given.policy) return yield* printPolicy(target, given)
    if (given.extras.length > 0) return yield* needsPolicy(given.extras)
    yield* tryAndTell(target, given)
  }).pipe(Effect.provide(layer))

const tryAndTell = Effect.fnUntraced(function* (target: CheckTarget, { readOnly }: CheckGiven) {
  const output = yield* Output
  const tell = (finding: Finding<CheckError>) =>
    output.json ? Effect.void : output.result({}, () => findingLines(lineOf(finding), output, true))
  const findings = yield* check(target, readOnly ? "reading" : "everything", tell)
  const works = whatWorks(findings)
  yield* output.result(
    { store: describeLocation(target.location), ...works, checks: findings.map(toJson) },
    () => verdict(works, output) ?? ""
  )
  const failed = findings.find(({ outcome }) => outcome === "failed")
  if (failed !== undefined) return yield* new Diagnosed({ report: reportFor(failed) })
})

const TITLES: Readonly<Record<string, string>> = {
  name: "name resolves",
  connect: "connects",
  tls: "TLS",
  conditional: "conditional write",
  mount: "mount point",
  disk: "file system",
  fsync: "write and rename"
}

const titleOf = (id: string): string => TITLES[id] ?? id

const lineOf = (finding: Finding<CheckError>) => ({
  mark: finding.outcome,
  title: titleOf(finding.id),
  millis: finding.millis,
  detail: detailOf(finding),
  cure: finding.outcome === "failed" ? reportFor(finding).hint : finding.cure
})

const detailOf = (finding: Finding<CheckError>): string => {
  if (finding.blockedBy !== undefined) return `since this did not go well: ${titleOf(finding.blockedBy)}`
  if (finding.error === undefined) return finding.detail ?? ""
  const { subject, what } = reportFor(finding)
  return `${what}: ${subject}`
}

/** The error's own words, but for what the check knows better. */
const reportFor = ({ cure, detail, error }: Finding<CheckError>): Report => {
  if (error === undefined) return { what: "Internal error", subject: detail ?? "", hint: cure ?? "", code: 1 }
  const report = reportOf(Cause.fail(error))
  const said = detail ?? (error._tag === "StoreError" ? error.detail : undefined)
  return { ...report, subject: said ?? report.subject, hint: cure ?? report.hint }
}

const toJson = (finding: Finding<CheckError>): Json => ({
  check: finding.id,
  outcome: finding.outcome,
  milliseconds: finding.millis === undefined ? null : Math.round(finding.millis),
  detail: clean(detailOf(finding)),
  cure: lineOf(finding).cure === undefined ? null : clean(lineOf(finding).cure ?? ""),
  code: finding.error === undefined ? null : reportFor(finding).code
})

const clean = (text: string): string => printable(withoutSecrets(text))

interface Works {
  readonly pull: boolean | null
  readonly push: boolean | null
}

/** Null where that was not found out: nothing was tried, or it was not to be tried. */
const whatWorks = (findings: ReadonlyArray<Finding<CheckError>>): Works => {
  const outcome = (id: string) => findings.find((finding) => finding.id === id)?.outcome
  const well = (id: string) => outcome(id) === "ok" || outcome(id) === "warning"
  if (!findings.some((finding) => finding.outcome === "failed") && !well("list")) return { pull: null, push: null }
  const pull = well("list") && well("get") && outcome("vault") !== "failed"
  if (pull && outcome("put") === undefined) return { pull, push: null }
  return { pull, push: pull && ["put", "delete", "conditional"].every(well) }
}

const verdict = ({ pull, push }: Works, output: OutputService): string | undefined => {
  if (pull === null) return undefined
  const words =
    pull && push !== false
      ? push === null
        ? "hx sync pull works with this store."
        : "hx sync push and pull work with this store."
      : pull
        ? "hx sync pull works with this store; hx sync push does not, or not wholly."
        : "hx sync does not work with this store."
  return output.styled("bold", words)
}

const printPolicy = Effect.fnUntraced(function* (target: CheckTarget, given: CheckGiven) {
  const output = yield* Output
  const { location } = target
  if (location._tag === "Folder") {
    return yield* new UsageError({
      what: "A folder has no IAM policy",
      subject: location.path,
      hint: 'Name a bucket: hx sync check --policy --store "s3://bucket/prefix"'
    })
  }
  const region = Option.getOrUndefined(location.region)
  const policy = accessPolicy(location, { readOnly: given.readOnly, extras: given.extras, region })
  const json = JSON.parse(JSON.stringify(policy)) as Json
  yield* output.result({ policy: json }, () => jsonText(json, 2))
  yield* Effect.logInfo(
    given.readOnly
      ? "For a device that only pulls; init and push need the policy without --read-only."
      : "For a user or a role. As a bucket's policy it needs a Principal in each statement."
  )
})

const needsPolicy = (extras: ReadonlyArray<Extra>) =>
  new UsageError({
    what: "This option adds to a policy, and none is asked for",
    subject: `--with ${extras[0]}`,
    hint: "Add --policy, or leave it out."
  })
