/**
 * What `hx ingest` does and says. With --json: { added, finished, ignored, quarantined }.
 *
 * --background is how hooks call it, many times a day: it says nothing, ends well whatever happens, since the spool is still there the next time, and syncs
 * where that is wished and due.
 */

import { Duration, Effect, Layer } from "effect"
import { ingest, type IngestReport } from "../../../capture/Ingest.ts"
import { Settings } from "../../../platform/Settings.ts"
import { layerWithoutIngest } from "../../HistoryLayers.ts"
import { Output } from "../../Output.ts"
import { counted } from "../../Units.ts"

const PATIENCE = Duration.seconds(10)

export const run = Effect.fnUntraced(function* ({ background }: { readonly background: boolean }) {
  if (background) return yield* quietly
  const output = yield* Output
  const report = yield* taken(PATIENCE)
  yield* output.result({ ...report }, () => textOf(report))
})

const taken = (wait: Duration.DurationInput) =>
  Effect.provide(ingest({ wait }), Layer.provideMerge(Settings.layer, layerWithoutIngest))

const quietly = Effect.gen(function* () {
  yield* Effect.catchAllCause(taken(0), (cause) => Effect.logDebug("Nothing was taken in:", cause))
  const { syncWhereDue } = yield* Effect.promise(() => import("../sync/run/Background.ts"))
  yield* syncWhereDue
})

const textOf = ({ added, finished, ignored, quarantined }: IngestReport): string =>
  [
    `${counted(added, "command", "commands")} taken in`,
    ...(finished > 0 ? [`${finished} finished`] : []),
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
    ...(quarantined > 0 ? [`${counted(quarantined, "piece", "pieces")} put aside, which made no sense`] : [])
  ].join(", ") + "."
