/**
 * What `hx sync verify` does and says: each problem with who can repair it, what is left in the store, and a line for all of it. With --json:
 *
 *     { store, vaultId, good: nothing is wrong (any more),
 *       objects: { vault, manifests, segments } that were read and open, bytes: of them, sealed, entries: proved, devices, milliseconds,
 *       problems: [{ kind: vault, manifest, missing, segment, rollback, conflict, local, archived or newer, name, device: id or null, label,
 *                    published: ISO 8601 or null, detail, gap: { first, last } in its log, or null, entries: in the gap,
 *                    held: whether this device has them, or null, remedy: repair, there, push, force, init, copy, backup, restore, upgrade or again,
 *                    cure: in words, repaired }],
 *       leftovers: [{ kind: replaced, unpublished, orphan, stranded, retired, foreign, probe or upload, device: id or null, label, own,
 *                     objects: [{ name, bytes, modified: ISO 8601 or null }] }],
 *       behind: [{ device, label, entries }] that stand in the store and were not pulled yet,
 *       repaired: null, or { published: as of `hx sync push`, or null, sequence, deleted, kept, aborted, restarted },
 *       requests: with --verbose }
 */

import { Effect } from "effect"
import { failOnFindings, runVerify } from "../../../../sync/Verify.ts"
import type { Finding, Leftover } from "../../../../sync/VerifyFinding.ts"
import { isRepaired, type VerifyReport } from "../../../../sync/VerifyReport.ts"
import { now } from "../../../Moments.ts"
import { Output, type Json } from "../../../Output.ts"
import { layer } from "../../../SyncLayers.ts"
import { pushJson } from "./Push.ts"
import { requestsMade, tellingRequests } from "./Requests.ts"
import { cureOf, verifyText } from "./VerifyText.ts"

export interface VerifyGiven {
  readonly repair: boolean
  readonly verbose: boolean
}

export const run = (given: VerifyGiven) =>
  Effect.gen(function* () {
    const output = yield* Output
    const report = yield* tellingRequests(given.verbose)(runVerify({ repair: given.repair }))
    const requests = yield* requestsMade(given.verbose)
    const at = yield* now
    yield* output.result({ ...verifyJson(report, at), ...requests.json }, () =>
      [...verifyText(report, at, output), ...requests.lines].join("\n")
    )
    yield* failOnFindings(report)
  }).pipe(Effect.provide(layer))

const verifyJson = (report: VerifyReport, at: number): { readonly [key: string]: Json } => ({
  store: report.store,
  vaultId: report.vaultId,
  good: report.findings.every((finding) => isRepaired(report, finding)),
  objects: { ...report.objects },
  bytes: report.bytes,
  entries: report.entries,
  devices: report.devices,
  milliseconds: report.milliseconds,
  problems: report.findings.map((finding) => problemJson(finding, isRepaired(report, finding), at)),
  leftovers: report.leftovers.map(leftoverJson),
  behind: report.behind.map(({ device, label, operations }) => ({ device, label, entries: operations })),
  repaired: repairedJson(report)
})

const problemJson = (finding: Finding, repaired: boolean, at: number): Json => ({
  kind: finding.kind,
  name: finding.name,
  device: finding.device,
  label: finding.label,
  published: isoText(finding.published),
  detail: finding.detail,
  gap: finding.gap === null ? null : { first: finding.gap.first, last: finding.gap.last },
  entries: finding.entries,
  held: finding.held,
  remedy: finding.remedy,
  cure: cureOf(finding, at),
  repaired
})

const leftoverJson = ({ device, kind, label, objects, own }: Leftover): Json => ({
  kind,
  device,
  label,
  own,
  objects: objects.map(({ bytes, modified, name }) => ({ name, bytes, modified: isoText(modified) }))
})

const repairedJson = ({ repaired }: VerifyReport): Json =>
  repaired === null
    ? null
    : {
        published: repaired.pushed === null ? null : pushJson(repaired.pushed),
        sequence: repaired.sequence,
        deleted: repaired.deleted,
        kept: repaired.kept,
        aborted: repaired.aborted,
        restarted: repaired.restarted
      }

/** Clocks of stores and other devices may say anything. */
const isoText = (micros: number | null): string | null =>
  micros === null || Math.abs(micros) > LATEST ? null : new Date(micros / 1000).toISOString()

/** What a date can be, in µs. */
const LATEST = 8.64e18
