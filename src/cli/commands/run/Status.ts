/**
 * What `hx status` does and says: five lines of what this device holds. The store is asked only for --storage; the rest of sync is `hx sync status`.
 *
 * With --json: entries, shadowed, commands, first, last, database { path, bytes }, device { id, label, name } (`name` is the label, or until there is
 * one the host's name), capture { shells (whose hook is installed), paused (since when, or null), writable, waiting { files, bytes }, quarantined }, sync { store, vaultId, encrypted, pending, lastPush, lastPull } or null. With --storage also storage [{ kind, files, bytes }]
 * of the data directory, tables { entries, texts, … } in bytes of the database, and stored as in `hx sync status --detailed`, or null where there is no
 * store or it could not be asked; then storedError has the words.
 */

import { Effect, Option } from "effect"
import { type CaptureState, captureState } from "../../../capture/CaptureState.ts"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import * as Instant from "../../../domain/Instant.ts"
import { storageUse } from "../../../history/Storage.ts"
import { hostName } from "../../../platform/HostName.ts"
import { Paths } from "../../../platform/Paths.ts"
import { nowMicros } from "../../../sync/SyncClock.ts"
import { status as syncStatus, type SyncStatus } from "../../../sync/Status.ts"
import { whenText } from "../../Ago.ts"
import { type Json, Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { rememberedError } from "../../RememberedError.ts"
import { layer } from "../../SyncLayers.ts"
import { table } from "../../Table.ts"
import { bytesText, counted, momentText } from "../../Units.ts"
import { pendingLines } from "../sync/run/Push.ts"
import { isOver } from "../sync/run/StatusRows.ts"
import { lookIntoStorage, storageJson, storageText } from "./StatusStorage.ts"

export const run = ({ storage }: { readonly storage: boolean }) => Effect.provide(lookAndTell(storage), layer)

const lookAndTell = Effect.fnUntraced(function* (storage: boolean) {
  const output = yield* Output
  const paths = yield* Paths
  const db = yield* HistoryDb
  const history = yield* db.history.summary
  const [id, label] = [yield* db.device.id, yield* db.device.label]
  const name = label === "" ? yield* hostName : label
  const uses = yield* storageUse(paths.data)
  const sync = yield* Effect.option(Effect.catchTag(syncStatus({ ask: false }), "NoStore", () => Effect.fail("none")))
  const database = uses.find(({ kind }) => kind === "database")?.bytes ?? 0
  const now = yield* nowMicros
  const capture = yield* captureState
  const span =
    history.first === null || history.last === null
      ? ""
      : `, ${momentText(history.first)} to ${momentText(history.last)}`
  const lines = yield* table(
    [{ title: "" }, { title: "" }],
    [
      ["History", `${counted(history.entries, "entry", "entries")}${span}`],
      ["Database", `${printable(paths.database)} (${bytesText(database)})`],
      [
        "Device",
        `${printable(name)} ${id}${label === "" ? " (named after this host, until hx sync init --device)" : ""}`
      ],
      ["Capture", captureText(capture, now)],
      ["Sync", Option.match(sync, { onNone: () => NO_STORE, onSome: (known) => syncText(known, now) })]
    ]
  )
  const looked = storage ? Option.some(yield* lookIntoStorage(sync)) : Option.none()
  const more = Option.isSome(looked) ? [yield* storageText(uses, looked.value)] : []
  yield* output.result(
    {
      entries: history.entries,
      shadowed: history.shadowed,
      commands: history.commands,
      first: history.first === null ? null : Instant.toIso(history.first),
      last: history.last === null ? null : Instant.toIso(history.last),
      database: { path: paths.database, bytes: database },
      device: { id, label, name },
      capture: captureJson(capture),
      sync: Option.match(sync, { onNone: () => null, onSome: syncJson }),
      ...Option.match(looked, { onNone: () => ({}), onSome: (found) => storageJson(uses, found) })
    },
    () => [lines, ...more].join("\n\n")
  )
})

const captureText = ({ paused, shells, spool, writable }: CaptureState, now: number): string => {
  const recording =
    shells.length === 0 ? "none: hx hook install records what you run" : `${shells.join(", ")}, by hx hook install`
  return [
    paused === null ? recording : `paused ${whenText(Math.round(paused) * 1000, now)}: hx resume`,
    ...(writable ? [] : ["its directory cannot be written, and nothing is recorded"]),
    ...(spool.bytes === 0 ? [] : [`${bytesText(spool.bytes)} waiting to be taken in`]),
    ...(spool.quarantined === 0
      ? []
      : [`${counted(spool.quarantined, "piece", "pieces")} put aside in spool/quarantine`])
  ].join(", ")
}

const captureJson = ({ paused, shells, spool, writable }: CaptureState): Json => ({
  shells: [...shells],
  paused: paused === null ? null : Instant.toIso(Math.round(paused) * 1000),
  writable,
  waiting: { files: spool.files, bytes: spool.bytes },
  quarantined: spool.quarantined
})

const NO_STORE = 'not set up: hx sync init --store "s3://your-bucket/hx?region=us-west-2"'

const syncText = (known: SyncStatus, now: number): string => {
  const { activity } = known
  const waiting = pendingLines(known.pending)
  const last = Math.max(activity.lastPush ?? 0, activity.lastPull ?? 0)
  const failed =
    activity.lastError === null || isOver(activity) ? "" : `, then failed: ${rememberedError(activity.lastError).what}`
  const when = last === 0 ? "never synced" : `last synced ${whenText(last, now)}`
  return `${printable(known.store)}, ${when}${failed}, ${waiting.length === 0 ? "nothing pending" : `${waiting.join(", ")} to push`}`
}

const syncJson = (known: SyncStatus): Json => ({
  store: known.store,
  vaultId: known.vaultId,
  encrypted: known.encrypted,
  pending: { ...known.pending },
  lastPush: known.activity.lastPush === null ? null : Instant.toIso(known.activity.lastPush),
  lastPull: known.activity.lastPull === null ? null : Instant.toIso(known.activity.lastPull)
})
