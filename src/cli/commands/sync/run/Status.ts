/** What `hx sync status` does and says. */

import { Duration, Effect } from "effect"
import { Settings } from "../../../../platform/Settings.ts"
import { ConnectTimeout } from "../../../../platform/SyncSettings.ts"
import { status } from "../../../../sync/Status.ts"
import { nowMicros } from "../../../../sync/SyncClock.ts"
import { activityOrNone } from "../../../../sync/SyncState.ts"
import { requireBinding } from "../../../../sync/VaultSession.ts"
import { Output } from "../../../Output.ts"
import { layer } from "../../../SyncLayers.ts"
import { table } from "../../../Table.ts"
import { UsageError } from "../../../UsageError.ts"
import { costText, reckon } from "./StatusCost.ts"
import { lastSyncJson, statusJson } from "./StatusJson.ts"
import { lastSyncRows, type Rows, statusRows } from "./StatusRows.ts"
import { devicesText, holdingsText, objectsText, requestsText } from "./StatusTables.ts"

export interface StatusGiven {
  readonly verbose: boolean
  readonly detailed: boolean
  readonly lastSync: boolean
}

export const run = (given: StatusGiven) =>
  Effect.zipRight(
    Effect.when(Effect.fail(notBoth), () => given.lastSync && (given.verbose || given.detailed)),
    Effect.provide(given.lastSync ? tellLastSync : tell(given), layer)
  )

const notBoth = new UsageError({
  what: "Two options that do not go together",
  subject: "--last-sync, with --verbose or --detailed",
  hint: "--last-sync tells the least, the others the most: give one of them."
})

const tell = Effect.fnUntraced(function* (given: StatusGiven) {
  const output = yield* Output
  const known = yield* status({ ask: true, holdings: given.detailed, patience: yield* patience })
  const reckoned = yield* reckon(known)
  const more = given.verbose || given.detailed
  const sections = [
    yield* pairs(statusRows(known)),
    ...(more ? yield* Effect.all([devicesText(known), objectsText(known), requestsText(known)]) : []),
    ...(given.detailed ? yield* Effect.all([holdingsText(known), costText(reckoned)]) : [])
  ]
  yield* output.result(statusJson(known, reckoned, given.detailed), () => sections.join("\n\n"))
})

/** For a few attempts to connect, within what is worth waiting for. */
export const patience = Effect.gen(function* () {
  const settings = yield* Settings
  const connect = yield* settings.get(ConnectTimeout)
  return Duration.clamp(Duration.times(connect, 3), { minimum: Duration.seconds(5), maximum: Duration.seconds(30) })
})

const pairs = (rows: Rows) => table([{ title: "" }, { title: "" }], rows)

/** Only this device's memory; nobody is asked. */
const tellLastSync = Effect.gen(function* () {
  const output = yield* Output
  yield* requireBinding
  const activity = yield* activityOrNone
  const lines = yield* pairs(lastSyncRows(activity, yield* nowMicros))
  yield* output.result(lastSyncJson(activity), () => lines)
})
