/**
 * What `hx sync devices forget` does and says. It pulls, asks, and then takes the device over. With --json:
 *
 *     { device: id, label, forgotten: false where the answer was no, takenOverBy: another device that had done so before, or null,
 *       taken: operations, lost: [{ name, detail, operations }], deleted, left, versionsLeft, pushed: as of `hx sync push` }
 */

import { Effect } from "effect"
import { Stdio } from "../../../../platform/Stdio.ts"
import type { RetirePlan, RetireReport } from "../../../../sync/Retire.ts"
import { failOnRefused, runRetire, runRetirePlan } from "../../../../sync/Sync.ts"
import { nowMicros } from "../../../../sync/SyncClock.ts"
import { whenText } from "../../../Ago.ts"
import { Output, type Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { counted } from "../../../Units.ts"
import { UsageError } from "../../../UsageError.ts"
import { pushJson, pushLines } from "./Push.ts"

export interface ForgetDeviceGiven {
  readonly device: string
  readonly acceptLoss: boolean
  readonly yes: boolean
}

export const run = (given: ForgetDeviceGiven) =>
  Effect.gen(function* () {
    const output = yield* Output
    const plan = yield* runRetirePlan(given.device)
    if (!given.yes && !plan.begun && !(yield* agreed(plan))) {
      return yield* output.result(
        { device: plan.device, label: plan.label, forgotten: false },
        () => "No device was forgotten."
      )
    }
    const report = yield* runRetire(plan, { acceptLoss: given.acceptLoss })
    yield* output.result(retireJson(report), () => retireLines(report).join("\n"))
    yield* failOnRefused(report.pushed)
    if (report.failure !== null) return yield* report.failure
  }).pipe(Effect.provide(layer))

const agreed = Effect.fnUntraced(function* (plan: RetirePlan) {
  const stdio = yield* Stdio
  if (!stdio.inputIsTerminal || !stdio.errorIsTerminal) {
    return yield* new UsageError({
      what: "Retiring a device has to be confirmed, and there is no terminal to ask on",
      subject: called(plan),
      hint: "Add --yes."
    })
  }
  const published = plan.published === null ? "" : `, last published ${whenText(plan.published, yield* nowMicros)}`
  const answer = yield* stdio.ask(
    `Retire ${called(plan)}${published}? This device takes its ${counted(plan.entries, "entry", "entries")} over, and its objects are deleted; should it come back, it has to join again. [y/N] `
  )
  return answer._tag === "Some" && /^y(es)?$/i.test(answer.value.trim())
})

const called = ({ device, label }: { readonly device: string; readonly label: string }): string =>
  label === "" ? device : `${printable(label)} (${device.slice(0, 8)})`

const retireJson = (report: RetireReport): { readonly [key: string]: Json } => ({
  device: report.device,
  label: report.label,
  forgotten: true,
  takenOverBy: report.by,
  taken: report.taken,
  lost: report.lost.map(({ detail, name, operations }) => ({ name, detail, operations })),
  deleted: report.deleted,
  left: report.left,
  versionsLeft: report.versionsLeft,
  pushed: pushJson(report.pushed)
})

const retireLines = (report: RetireReport): ReadonlyArray<string> => {
  const { by, deleted, left, lost, pushed, taken, versionsLeft } = report
  return [
    ...(pushed.published ? pushLines(pushed) : []),
    by === null
      ? `Retired ${called(report)}: ${taken === 0 ? "all that it had published is this device's now" : `${counted(taken, "entry", "entries")} of it ${taken === 1 ? "is" : "are"} this device's now`}.`
      : `${called(report)} had been retired by ${printable(by)} before.`,
    ...lost.map(({ detail, name }) => `Lost: ${printable(name)}: ${printable(detail)}`),
    deleted === 0 && left === 0
      ? "Nothing of it is left in the store."
      : `Deleted ${counted(deleted, "object")} of it from the store.`,
    ...(left > 0 ? [`${counted(left, "object")} could not be deleted: run the same command again.`] : []),
    ...(versionsLeft > 0
      ? [`The bucket keeps older versions of ${counted(versionsLeft, "deleted object")}, which we may not delete.`]
      : [])
  ]
}
