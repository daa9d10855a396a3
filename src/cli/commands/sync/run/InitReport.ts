/** What `hx sync init` says when it is done. */

import { Option } from "effect"
import { fingerprintOf } from "../../../../format/RecoveryKey.ts"
import type { InitReport } from "../../../../sync/Init.ts"
import type { Json, OutputService } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { prose } from "../../../Prose.ts"
import { counted } from "../../../Units.ts"
import { forkLines, forksJson } from "./Forks.ts"

export interface InitOutcome {
  readonly report: InitReport
  readonly device: { readonly id: string; readonly label: string }
}

export const initJson = ({ device, report }: InitOutcome): { readonly [key: string]: Json } => ({
  outcome: report.outcome,
  store: report.store,
  vaultId: report.vaultId,
  fingerprint: fingerprintOf(report.vaultId),
  encrypted: report.encrypted,
  recoveryKey: Option.getOrNull(report.recoveryKey),
  keyFile: Option.getOrNull(report.keyLocation),
  device: { ...device },
  conditionalWrites: report.capabilities.createOnly && report.capabilities.ifMatch !== "none",
  pending: report.pending,
  forks: forksJson(report.forks)
})

export const initText = ({ device, report }: InitOutcome, output: OutputService): ReadonlyArray<string> => [
  `${HEADLINES[report.outcome]} ${printable(report.store)}`,
  `  vault   ${fingerprintOf(report.vaultId)}, ${report.encrypted ? "encrypted" : output.styled("red", "NOT ENCRYPTED")}`,
  `  device  ${printable(device.label)} ${device.id}`,
  ...forkLines(report.forks),
  ...keyLines(report, output),
  "",
  nextStep(report)
]

const HEADLINES: Readonly<Record<InitReport["outcome"], string>> = {
  founded: "Made a new vault in",
  joined: "Joined the vault in",
  moved: "Moved this device's vault to"
}

const keyLines = (report: InitReport, output: OutputService): ReadonlyArray<string> => {
  const file = Option.map(report.keyLocation, printable)
  if (Option.isNone(report.recoveryKey)) {
    return Option.match(file, { onNone: () => [], onSome: (path) => [`  key     kept in ${path}`] })
  }
  return [
    "",
    prose(RECOVERY_KEY, output),
    "",
    `  ${output.styled("bold", report.recoveryKey.value)}`,
    "",
    prose(
      `It is not shown again here. This device keeps it in ${Option.getOrElse(file, () => "")}; "hx sync key" shows it.`,
      output
    )
  ]
}

const RECOVERY_KEY =
  "Recovery key: other devices need it to join, and nobody can read the vault without it. Keep a copy in a safe place."

const nextStep = (report: InitReport): string => {
  const pending = counted(report.pending, "entry", "entries")
  if (report.outcome === "joined") {
    return report.pending === 0
      ? "Next: hx sync pull"
      : `${pending} of this device to publish. Next: hx sync (pulls, then pushes)`
  }
  return report.pending === 0
    ? "Nothing to publish yet. Next: hx import, then hx sync push"
    : `${pending} to publish. Next: hx sync push`
}
