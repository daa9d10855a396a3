/** What `hx sync pull` does and says. */

import { Effect, Option } from "effect"
import { parseManifestName } from "../../../../sync/ObjectNames.ts"
import { forecast, type PullForecast, type PullReport } from "../../../../sync/Pull.ts"
import { pending, type Pending } from "../../../../sync/Push.ts"
import { failOnProblems, runPull } from "../../../../sync/Sync.ts"
import type { Problem } from "../../../../sync/SyncError.ts"
import { VaultSession } from "../../../../sync/VaultSession.ts"
import { Output, type Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { bytesText, counted } from "../../../Units.ts"
import { UsageError } from "../../../UsageError.ts"
import { archivedJson, archivedLines, manifestsWarning, restoredJson } from "./ArchiveLines.ts"
import { forkLines, forksJson } from "./Forks.ts"
import { pendingLines } from "./Push.ts"
import { requestsMade, tellingRequests } from "./Requests.ts"

export interface PullGiven {
  readonly force: boolean
  readonly restore: boolean
  readonly dryRun: boolean
  readonly verbose: boolean
}

export const run = Effect.fnUntraced(function* (given: PullGiven) {
  if (given.dryRun && given.restore) {
    return yield* new UsageError({
      what: "A dry run reads no segments, and so cannot tell which are archived",
      subject: "--dry-run, and --restore",
      hint: 'A plain "hx sync pull" tells what a restore would take, and asks for nothing.'
    })
  }
  const asked = given.dryRun ? foretell(given) : fetch(given)
  return yield* Effect.provide(asked, layer)
})

const fetch = Effect.fnUntraced(function* (given: PullGiven) {
  const output = yield* Output
  const report = yield* tellingRequests(given.verbose)(runPull(given))
  const requests = yield* requestsMade(given.verbose)
  const waiting = yield* pending
  yield* output.result({ ...pullJson(report), pending: { ...waiting }, ...requests.json }, () =>
    [...pullLines(report), ...waitingLines(waiting), ...requests.lines].join("\n")
  )
  yield* warnOfArchived(report)
  if (report.restored !== null && Option.isSome(report.restored.failure)) return yield* report.restored.failure.value
  yield* failOnProblems(report.problems)
})

/** A lifecycle rule that reaches manifests is worth a word before it keeps a new device from joining. */
export const warnOfArchived = ({ archivedManifests, problems }: PullReport) =>
  archivedManifests > 0 && !problems.some(({ name }) => parseManifestName(name) !== null)
    ? Effect.logWarning(manifestsWarning(archivedManifests))
    : Effect.void

const waitingLines = (waiting: Pending): ReadonlyArray<string> => {
  const lines = pendingLines(waiting)
  return lines.length === 0 ? [] : [`${lines.join("; ")} of this device to publish: hx sync push`]
}

export const pullJson = (report: PullReport): { readonly [key: string]: Json } => ({
  devices: report.devices,
  changed: report.changed,
  segments: report.segments,
  bytes: report.bytes,
  added: report.absorbed.added,
  merged: report.absorbed.merged,
  removed: report.absorbed.removed,
  removedMany: report.removedMany,
  refused: report.absorbed.refused,
  known: report.absorbed.known,
  problems: problemsJson(report.problems),
  forks: forksJson(report.forks),
  archived: archivedJson(report.problems),
  restored: restoredJson(report.restored)
})

export const pullLines = (report: PullReport): ReadonlyArray<string> => {
  const { absorbed, bytes, changed, devices, segments } = report
  const fetched = segments === 0 ? "" : ` (${counted(segments, "segment")}, ${bytesText(bytes)})`
  const news = [
    ...(absorbed.added > 0 ? [counted(absorbed.added, "new entry", "new entries")] : []),
    ...(absorbed.merged > 0 ? [`more known of ${counted(absorbed.merged, "entry", "entries")}`] : []),
    ...(absorbed.removed > 0 ? [`${counted(absorbed.removed, "entry", "entries")} forgotten`] : [])
  ]
  return [
    ...forkLines(report.forks),
    news.length > 0
      ? `Pulled ${news.join(", ")} from ${counted(changed, "device")}${fetched}.`
      : `${nothingNew(devices)}${fetched}.`,
    ...(report.removedMany ? manyLines(absorbed.removed) : []),
    ...problemLines(report.problems),
    ...archivedLines(report.problems, report.restored)
  ]
}

const manyLines = (removed: number): ReadonlyArray<string> => [
  `Attention: "hx forget" on another device has removed ${counted(removed, "entry", "entries")} of this device's history, for good.`,
  "What is forgotten never comes back into hx; an export made earlier has it still."
]

const nothingNew = (devices: number): string =>
  devices === 0 ? "No other device has published anything yet" : `Nothing new from ${counted(devices, "other device")}`

/** Archived objects are told together. */
const problemLines = (problems: ReadonlyArray<Problem>): ReadonlyArray<string> => {
  const all = problems.filter(({ kind }) => kind !== "archived")
  const more = all.length - MOST_TOLD
  return [
    ...all
      .slice(0, MOST_TOLD)
      .map(({ detail, device, name }) => `Not used: ${printable(name)} of ${printable(device)}: ${printable(detail)}`),
    ...(more > 0 ? [`Not used: ${counted(more, "more object")}; hx sync pull --json names them all.`] : [])
  ]
}

/** Lines that anybody would read. */
const MOST_TOLD = 50

export const problemsJson = (problems: ReadonlyArray<Problem>): Json =>
  problems.map(({ detail, device, kind, name }) => ({ kind, device, name, detail }))

/** What a pull would fetch; reads manifests and changes nothing. */
const foretell = Effect.fnUntraced(function* (given: PullGiven) {
  const output = yield* Output
  const would = yield* tellingRequests(given.verbose)(Effect.provide(forecast(), VaultSession.layer))
  const requests = yield* requestsMade(given.verbose)
  const { problems, ...counts } = would
  yield* output.result({ dryRun: true, ...counts, problems: problemsJson(problems), ...requests.json }, () =>
    [...foretellLines(would, given.force), ...requests.lines].join("\n")
  )
  yield* failOnProblems(problems)
})

const foretellLines = (would: PullForecast, force: boolean): ReadonlyArray<string> => {
  const fetched = would.segments === 0 ? "" : ` (${counted(would.segments, "segment")}, ${bytesText(would.bytes)})`
  return [
    would.operations === 0
      ? `${nothingNew(would.devices)}.`
      : `Would pull ${counted(would.operations, "entry", "entries")} at most from ${counted(would.changed, "device")}${fetched}.`,
    ...(force ? ["--force would read everything again."] : []),
    ...problemLines(would.problems),
    ...archivedLines(would.problems, null)
  ]
}
