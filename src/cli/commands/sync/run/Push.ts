/** What `hx sync push` does and says. */

import { Effect } from "effect"
import { pending, type Pending, type PushReport } from "../../../../sync/Push.ts"
import { failOnRefused, runPush } from "../../../../sync/Sync.ts"
import { requireBinding } from "../../../../sync/VaultSession.ts"
import { Output, type Json } from "../../../Output.ts"
import { layer } from "../../../SyncLayers.ts"
import { bytesText, counted } from "../../../Units.ts"
import { forkLines, forksJson } from "./Forks.ts"
import { requestsMade, tellingRequests } from "./Requests.ts"

export interface PushGiven {
  readonly force: boolean
  readonly dryRun: boolean
  readonly verbose: boolean
}

export const run = (given: PushGiven) => Effect.provide(given.dryRun ? foretell(given) : publish(given), layer)

const publish = Effect.fnUntraced(function* (given: PushGiven) {
  const output = yield* Output
  const report = yield* tellingRequests(given.verbose)(runPush({ force: given.force }))
  const requests = yield* requestsMade(given.verbose)
  yield* output.result({ ...pushJson(report), ...requests.json }, () =>
    [...pushLines(report, given.force), ...requests.lines].join("\n")
  )
  yield* failOnRefused(report)
})

export const pushJson = (report: PushReport): { readonly [key: string]: Json } => ({
  published: report.published,
  operations: report.operations,
  entries: report.entries,
  rules: report.rules,
  segments: report.segments,
  bytes: report.bytes,
  deleted: report.deleted,
  owed: report.owed,
  versionsLeft: report.versionsLeft,
  forks: forksJson(report.forks)
})

export const pushLines = (report: PushReport, force = false): ReadonlyArray<string> => {
  const { bytes, deleted, operations, owed, published, segments, versionsLeft } = report
  const inSegments = segments === 0 ? "" : ` in ${counted(segments, "segment")} (${bytesText(bytes)})`
  const again = force ? "everything again" : "again, with nothing new"
  return [
    ...forkLines(report.forks),
    ...(published ? [`Published ${operations > 0 ? contentText(report) : again}${inSegments}.`] : []),
    ...(deleted > 0 ? [`Deleted ${counted(deleted, "object")} that nothing needs any more.`] : []),
    ...(owed > 0 ? [`${counted(owed, "object")} could not be deleted; the next push tries again.`] : []),
    ...olderLines(versionsLeft),
    ...(published || deleted > 0 || owed > 0 ? [] : ["Nothing to push."])
  ]
}

/** What was forgotten is in them still, and nothing that hx may do takes it out. */
const olderLines = (left: number | null): ReadonlyArray<string> =>
  left === 0
    ? []
    : [
        left === null
          ? "The bucket may keep older versions of objects that held what was forgotten: we may not look."
          : `The bucket keeps ${counted(left, "older version")} of objects that may hold what was forgotten: we may not delete them.`,
        'Allow it ("hx sync check --policy" names the permissions), or let a lifecycle rule expire noncurrent versions.'
      ]

/** What a push would do, from this device's memory alone. */
const foretell = Effect.fnUntraced(function* (given: PushGiven) {
  const output = yield* Output
  yield* requireBinding
  const waiting = yield* pending
  yield* output.result({ dryRun: true, ...waiting }, () => foretellLines(waiting, given.force).join("\n"))
})

const foretellLines = (waiting: Pending, force: boolean): ReadonlyArray<string> => {
  const lines = pendingLines(waiting)
  if (lines.length > 0) return [`Would publish: ${lines.join("; ")}.`]
  return [force ? "Nothing is new; --force would publish what is known again." : "Nothing to push."]
}

/** What operations speak of. People know entries and what they forgot; an entry that was forgotten before it was published leaves a gap to fill. */
export const contentText = (content: Pick<Pending, "operations" | "entries" | "rules">): string => {
  const { entries, operations, rules } = content
  const parts = [
    ...(entries > 0 ? [counted(entries, "entry", "entries")] : []),
    ...(rules > 0 ? [counted(rules, "forget rule")] : [])
  ]
  return parts.length === 0 ? counted(operations, "removed entry", "removed entries") : parts.join(" and ")
}

/** What is waiting, in words; none where nothing is. */
export const pendingLines = (waiting: Pending): ReadonlyArray<string> => [
  ...(waiting.operations > 0 ? [contentText(waiting)] : []),
  ...(waiting.purged > 0 ? [`${counted(waiting.purged, "forgotten entry", "forgotten entries")} to take out`] : []),
  ...(waiting.renamed ? ["this device's new name"] : []),
  ...(waiting.retired > 0 ? [`the retirement of ${counted(waiting.retired, "device")}`] : []),
  ...(waiting.rekey ? ["all that is published again, under the vault's new key"] : []),
  ...(waiting.deletions > 0 ? [`${counted(waiting.deletions, "object")} to delete`] : [])
]
