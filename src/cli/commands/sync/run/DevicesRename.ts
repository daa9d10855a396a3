/**
 * What `hx sync devices rename` does and says. With --json: { device, label, former, published: whether the others can see it now,
 * error: why not, or null }.
 */

import { Cause, Effect, Option } from "effect"
import { HistoryDb } from "../../../../db/HistoryDb.ts"
import { underLock } from "../../../../sync/DeviceLock.ts"
import { standingDevices } from "../../../../sync/DeviceNames.ts"
import { runPush } from "../../../../sync/Sync.ts"
import * as SyncState from "../../../../sync/SyncState.ts"
import { checkName } from "../../../DeviceName.ts"
import { reportOf } from "../../../ErrorReport.ts"
import { Output } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { layer } from "../../../SyncLayers.ts"
import { UsageError } from "../../../UsageError.ts"
import { nameOf } from "./StatusRows.ts"

export const run = ({ names }: { readonly names: ReadonlyArray<string> }) =>
  Effect.gen(function* () {
    const output = yield* Output
    const [first = "", second] = names
    if (second !== undefined) yield* refuseOthers(first)
    const label = yield* checkName(second ?? first, "NAME")
    const { device, former } = yield* underLock(rename(label))
    const published = Option.isSome(yield* SyncState.publication.get)
    const failure = published ? yield* Effect.flip(runPush({ force: false })).pipe(Effect.option) : Option.none()
    const report = Option.map(failure, (error) => reportOf(Cause.fail(error)))
    const told = published && Option.isNone(failure)
    yield* output.result(
      {
        device,
        label,
        former,
        published: told,
        error: Option.match(report, { onNone: () => null, onSome: ({ subject, what }) => `${what}: ${subject}` })
      },
      () => `${renamedText(label, former)} ${tellingText(published, told)}`
    )
    if (Option.isNone(failure) || Option.isNone(report)) return
    // Without a network there is nothing wrong with the name, which waits.
    if (report.value.code !== OFFLINE) return yield* failure.value
    yield* Effect.logWarning(printable(`${report.value.what}: ${report.value.subject}`))
  }).pipe(Effect.provide(layer))

const OFFLINE = 6

const renamedText = (label: string, former: string): string =>
  label === former
    ? `This device is ${printable(label)} already.`
    : `This device is ${printable(label)} now; it was ${nameOf(former)}.`

const tellingText = (published: boolean, told: boolean): string => {
  if (told) return "The others see it with their next pull."
  return published
    ? "It could not be published: the next push does."
    : "The others will see it with this device's first push."
}

const rename = Effect.fnUntraced(function* (label: string) {
  const { device } = yield* HistoryDb
  const id = yield* device.id
  const former = yield* device.label
  if (label !== former && (yield* standingDevices).some((other) => other.label === label)) {
    return yield* new UsageError({
      what: "Another device has this name",
      subject: label,
      hint: '"hx sync devices" shows the names that are taken.'
    })
  }
  yield* device.rename(label)
  return { device: id, former }
})

/** Each device says itself what it is called: nobody else writes its manifest. */
const refuseOthers = Effect.fnUntraced(function* (given: string) {
  const { device } = yield* HistoryDb
  const [id, label] = [yield* device.id, yield* device.label]
  if (given === label || (given.length >= 4 && id.startsWith(given))) return
  return yield* new UsageError({
    what: "A device can only be renamed on that device",
    subject: `${given}; this device is ${label === "" ? id.slice(0, 8) : label}`,
    hint: "Run there: hx sync devices rename NAME; a name with blanks goes in quotes"
  })
})
