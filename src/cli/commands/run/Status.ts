/** What `hx status` does and says. The store is not asked: that is `hx sync status`. */

import { Effect, Option } from "effect"
import { HistoryDb } from "../../../db/HistoryDb.ts"
import * as Instant from "../../../domain/Instant.ts"
import { storageUse, type StorageUse } from "../../../history/Storage.ts"
import { Paths } from "../../../platform/Paths.ts"
import { status as syncStatus, type SyncStatus } from "../../../sync/Status.ts"
import { type Json, Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { layer } from "../../SyncLayers.ts"
import { table } from "../../Table.ts"
import { bytesText, counted, momentText } from "../../Units.ts"
import { pendingLines } from "../sync/run/Push.ts"

export const run = ({ storage }: { readonly storage: boolean }) => Effect.provide(lookAndTell(storage), layer)

const lookAndTell = Effect.fnUntraced(function* (storage: boolean) {
  const output = yield* Output
  const paths = yield* Paths
  const db = yield* HistoryDb
  const history = yield* db.history.summary
  const device = { id: yield* db.device.id, label: yield* db.device.label }
  const uses = yield* storageUse(paths.data)
  const sync = yield* Effect.option(Effect.catchTag(syncStatus({ ask: false }), "NoStore", () => Effect.fail("none")))
  const database = uses.find(({ kind }) => kind === "database")?.bytes ?? 0
  const span =
    history.first === null || history.last === null
      ? ""
      : `, ${momentText(history.first)} to ${momentText(history.last)}`
  const lines = yield* table(
    [{ title: "" }, { title: "" }],
    [
      ["History", `${counted(history.entries, "entry", "entries")}${span}`],
      ["Database", `${printable(paths.database)} (${bytesText(database)})`],
      ["Device", `${device.label === "" ? "(no name)" : printable(device.label)} ${device.id}`],
      ["Sync", Option.match(sync, { onNone: () => NO_STORE, onSome: syncText })]
    ]
  )
  const kinds = yield* storageTable(uses)
  yield* output.result(
    {
      entries: history.entries,
      shadowed: history.shadowed,
      commands: history.commands,
      first: history.first === null ? null : Instant.toIso(history.first),
      last: history.last === null ? null : Instant.toIso(history.last),
      database: { path: paths.database, bytes: database },
      device,
      sync: Option.match(sync, { onNone: () => null, onSome: syncJson }),
      ...(storage ? { storage: uses.map(({ bytes, files, kind }) => ({ kind, files, bytes })) } : {})
    },
    () => (storage ? `${lines}\n\n${kinds}` : lines)
  )
})

const NO_STORE = 'not set up: hx sync init --store "s3://your-bucket/hx?region=us-west-2"'

const syncText = (known: SyncStatus): string => {
  const waiting = pendingLines(known.pending)
  const last = Math.max(known.activity.lastPush ?? 0, known.activity.lastPull ?? 0)
  const when = last === 0 ? "never synced" : `last synced ${momentText(last)}`
  return `${printable(known.store)}, ${when}, ${waiting.length === 0 ? "nothing pending" : `${waiting.join(", ")} to push`}`
}

const syncJson = (known: SyncStatus): Json => ({
  store: known.store,
  vaultId: known.vaultId,
  encrypted: known.encrypted,
  pending: { ...known.pending },
  lastPush: known.activity.lastPush === null ? null : Instant.toIso(known.activity.lastPush),
  lastPull: known.activity.lastPull === null ? null : Instant.toIso(known.activity.lastPull)
})

const KINDS: Readonly<Record<StorageUse["kind"], string>> = {
  database: "History database",
  journal: "Its journal, written back when hx has time",
  spool: "Commands not taken in yet",
  keys: "Keys and credentials",
  store: "The folder store",
  other: "Other files"
}

const storageTable = (uses: ReadonlyArray<StorageUse>) =>
  table(
    [{ title: "" }, { title: "", align: "right" }, { title: "", align: "right" }],
    [
      ...uses.map(({ bytes, files, kind }) => [KINDS[kind], counted(files, "file"), bytesText(bytes)]),
      [
        "All",
        counted(
          uses.reduce((sum, { files }) => sum + files, 0),
          "file"
        ),
        bytesText(uses.reduce((sum, { bytes }) => sum + bytes, 0))
      ]
    ]
  )
