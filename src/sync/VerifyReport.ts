/** What `hx sync verify` gives. */

import type { Behind, Finding, Leftover } from "./VerifyFinding.ts"
import type { RepairReport } from "./VerifyRepair.ts"

export interface VerifyReport {
  readonly store: string
  readonly vaultId: string
  readonly findings: ReadonlyArray<Finding>
  readonly leftovers: ReadonlyArray<Leftover>
  readonly behind: ReadonlyArray<Behind>
  /** Objects read and opened, vault.json included, and their sealed bytes. */
  readonly objects: { readonly vault: number; readonly manifests: number; readonly segments: number }
  readonly bytes: number
  /** Entries proved, each as often as logs have it. */
  readonly entries: number
  /** Logs read. */
  readonly devices: number
  readonly milliseconds: number
  /** Null where nothing was to be repaired. */
  readonly repaired: RepairReport | null
}

/** Whether it is good now, as far as this run can tell. */
export const isRepaired = ({ repaired }: Pick<VerifyReport, "repaired">, finding: Finding): boolean =>
  repaired !== null &&
  finding.remedy === "repair" &&
  (finding.kind === "local" ? repaired.restarted > 0 : repaired.pushed !== null)
