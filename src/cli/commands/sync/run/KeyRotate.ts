/**
 * What `hx sync key rotate` does and says. With --json:
 *
 *     { store, vaultId, fingerprint, number: which of the vault's keys is the newest, rotated: ISO 8601, recoveryKey, keyFile,
 *       resumed: an earlier run had begun it, passphraseGone, others: devices that need the new key,
 *       problems: [{ kind, device, name, detail }] not believed any more, pushed: as of `hx sync push` }
 */

import { Effect } from "effect"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import type { RotationReport } from "../../../../sync/KeyRotation.ts"
import { failOnProblems, failOnRefused, runRotation } from "../../../../sync/Sync.ts"
import { Output, type Json, type OutputService } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { prose } from "../../../Prose.ts"
import { layer } from "../../../SyncLayers.ts"
import { counted } from "../../../Units.ts"
import { problemsJson } from "./Pull.ts"
import { pushJson, pushLines } from "./Push.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const report = yield* runRotation
    yield* output.result(rotationJson(report), () => rotationText(report, output).join("\n"))
    yield* failOnRefused(report.pushed)
    yield* failOnProblems(report.problems)
  }).pipe(Effect.provide(layer))

const rotationJson = (report: RotationReport): { readonly [key: string]: Json } => ({
  store: report.store,
  vaultId: report.vaultId,
  fingerprint: fingerprintOf(report.vaultId),
  number: report.epoch,
  rotated: report.rotated,
  recoveryKey: report.recoveryKey,
  keyFile: report.keyLocation,
  resumed: report.resumed,
  passphraseGone: report.passphraseGone,
  others: report.others,
  problems: problemsJson(report.problems),
  pushed: pushJson(report.pushed)
})

const rotationText = (report: RotationReport, output: OutputService): ReadonlyArray<string> => [
  `${report.resumed ? "Finished what an earlier run had begun: the" : "The"} vault in ${printable(report.store)} has a new key, number ${report.epoch}.`,
  ...pushLines(report.pushed, true),
  ...report.problems.map(
    ({ detail, device, name }) =>
      `Not believed any more: ${printable(name)} of ${printable(device)}: ${printable(detail)}`
  ),
  "",
  prose(
    "New recovery key: every other device needs it, and the old one opens nothing that is published from now on.",
    output
  ),
  "",
  `  ${output.styled("bold", report.recoveryKey)}`,
  "",
  prose(
    `It is not shown again here. This device keeps it in ${printable(report.keyLocation)}; "hx sync key" shows it.`,
    output
  ),
  ...(report.passphraseGone
    ? ["", prose("The passphrase is gone with the old key. To set a new one: hx sync key passphrase", output)]
    : []),
  "",
  prose(
    `${othersText(report.others)} What the old key could open before, whoever has it can still read in copies of it.`,
    output
  )
]

const othersText = (others: number): string => {
  const who =
    others === 0 ? "Any other device" : `${counted(others, "other device")}, and any that has not published yet,`
  return `${who} will stop until it is told there: hx sync init --key-file FILE, then hx sync.`
}
