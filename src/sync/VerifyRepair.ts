/**
 * Making good what this device can, from its own database: its segments and its manifest are published again, what it left behind is deleted, and a log
 * whose entries are missing here is read again. Nothing of another device is touched.
 *
 * Interrupted, it is run again: each step leaves the vault no worse, and the publication is that of any push.
 */

import { Duration, Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { UNHEARD_UPLOAD } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { oweOlder, payDebts } from "./Debts.ts"
import { manifestName, segmentName } from "./ObjectNames.ts"
import { readAndSettle } from "./OwnManifest.ts"
import { sweepProbes, WITHOUT_LOCK } from "./ProbeNotes.ts"
import { push, type PushReport } from "./Push.ts"
import { DAMAGED, type Durable } from "./SegmentUpload.ts"
import { nowMicros } from "./SyncClock.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"
import type { Finding, Leftover, LeftoverObject } from "./VerifyFinding.ts"
import type { Listing } from "./VerifyListing.ts"
import type { ReadManifests } from "./VerifyManifests.ts"
import type { ProvedLogs } from "./VerifySegments.ts"

export interface RepairReport {
  /** The publication that made this device's part whole; null where nothing had to be published. */
  readonly pushed: PushReport | null
  /** Its number; null likewise. */
  readonly sequence: number | null
  /** Objects deleted that nothing needs; and those that could not be. */
  readonly deleted: number
  readonly kept: number
  /** Unfinished uploads aborted. */
  readonly aborted: number
  /** Logs that the next pull reads again from their start. */
  readonly restarted: number
}

export const repair = Effect.fn("VerifyRepair.run")(function* (
  listing: Listing,
  { seenOfUs }: Pick<ReadManifests, "seenOfUs">,
  findings: ReadonlyArray<Finding>,
  proved: ProvedLogs,
  leftovers: ReadonlyArray<Leftover>
) {
  const { binding, store } = yield* VaultSession
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const mine = findings.filter(({ device, remedy }) => device === self && remedy === "repair")
  // Another installation's, or a newer hx's: nothing under our id is ours to change before that is settled.
  const disputed = findings.some(
    ({ device, remedy }) => device === self && (remedy === "push" || remedy === "upgrade" || remedy === "force")
  )
  const restarted = yield* restartLogs(findings)
  if (disputed) return { ...NOTHING_REPAIRED, restarted }
  const whole = wholeOf(listing, proved, self)
  // Where its manifest is gone or does not open, it is published above every sequence that anybody has seen.
  const force = mine.some((finding) => isOfManifest(self)(finding) && finding.kind !== "archived")
  // What could not be deleted may be now: somebody may have allowed it since. Not of vault.json: an older version may be all that is good of it.
  if ((yield* SyncState.activityOrNone).versionsLeft !== undefined) yield* oweOlder(self)
  if (mine.length === 0 && !findings.some(isOfManifest(self))) yield* settleUnheard
  const pushed = mine.length === 0 ? null : yield* push({ force, durable: whole, above: seenOfUs })
  yield* sweepProbes(binding.location, store)
  const published = Option.getOrNull(yield* SyncState.publication.get)
  // Only beside a manifest of ours that stands, now or anew, is it known what nothing names.
  const stands = pushed !== null || !findings.some(isOfManifest(self))
  const debts = pushed ?? (stands ? yield* payDebts(true) : NOTHING_PAID)
  const named = new Set((published?.segments ?? []).map(({ id }) => segmentName(self, id)))
  const removed = yield* removeLeftovers(leftovers, (name) => !stands || named.has(name))
  return {
    pushed,
    sequence: pushed === null ? null : (published?.sequence ?? null),
    deleted: debts.deleted + removed.deleted,
    kept: debts.owed + removed.kept,
    aborted: removed.aborted,
    restarted
  } satisfies RepairReport as RepairReport
})

/** A publication that nobody has heard the outcome of, one of an earlier repair say, is what stands there, or will not come. One GET. */
const settleUnheard = Effect.gen(function* () {
  const isUnheard = (yield* SyncState.intentsOrNone).length > 0 || Option.isSome(yield* SyncState.floor.get)
  if (isUnheard) yield* readAndSettle({ force: false })
})

const NOTHING_PAID = { deleted: 0, owed: 0 }
const NOTHING_REPAIRED: RepairReport = { pushed: null, sequence: null, deleted: 0, kept: 0, aborted: 0, restarted: 0 }

const isOfManifest =
  (device: DeviceId) =>
  ({ name }: Pick<Finding, "name">): boolean =>
    name === manifestName(device)

/** This device's segments as they stand: what was proved, or is in an archive, is whole; the rest is to be written over. */
const wholeOf = (listing: Listing, { archived, proved }: ProvedLogs, self: string): Durable =>
  new Map(
    [...listing.segments]
      .filter(([, { device }]) => device === self)
      .map(([name, { info }]) => [name, proved.has(name) || archived.has(name) ? info.size : DAMAGED])
  )

/** Of a log whose entries are missing here nothing counts as applied any more. */
const restartLogs = Effect.fnUntraced(function* (findings: ReadonlyArray<Finding>) {
  const db = yield* HistoryDb
  const logs = new Set(
    findings.flatMap(({ kind, log, remedy }) =>
      kind === "local" && remedy === "repair" && log !== undefined ? [log] : []
    )
  )
  for (const log of logs) yield* db.peers.restart(log)
  return logs.size
})

/** An object so young may be on its way into a manifest: of another installation with our id, or of a trial that has not ended. */
export const GRACE = Duration.toMillis(WITHOUT_LOCK) * 1000

const removeLeftovers = Effect.fnUntraced(function* (
  leftovers: ReadonlyArray<Leftover>,
  isNeeded: (name: string) => boolean
) {
  const { store } = yield* VaultSession
  const { concurrentUploads } = yield* SyncTuning
  const now = yield* nowMicros
  const isOld = ({ modified }: LeftoverObject) => modified !== null && modified + GRACE <= now
  const old = (of: (leftover: Leftover) => boolean) =>
    leftovers.filter(of).flatMap(({ objects }) => objects.filter(isOld))
  const objects = old(({ kind, own }) => kind === "probe" || (kind === "orphan" && own)).filter(
    ({ name }) => !isNeeded(name)
  )
  const uploads = old(({ kind, own }) => kind === "upload" && own)
  const each = (names: ReadonlyArray<string>, remove: (name: string) => Effect.Effect<unknown, StoreError>) =>
    Effect.map(
      Effect.forEach(names, (name) => Effect.isSuccess(Effect.tapError(remove(name), notRemoved)), {
        concurrency: concurrentUploads
      }),
      (done) => done.filter((succeeded) => succeeded).length
    )
  const deleted = yield* each(
    objects.map(({ name }) => name),
    (name) => store.delete(name)
  )
  const aborted = yield* each(
    [...new Set(uploads.map(({ name }) => name))],
    // All uploads of that object: with the device lock held, none of ours is under way.
    (name) => store.abortMultipart(name, UNHEARD_UPLOAD)
  )
  return { deleted, kept: objects.length - deleted, aborted }
})

const notRemoved = ({ detail, reason, subject }: StoreError) =>
  Effect.logWarning(`Not removed: ${subject}: ${detail ?? reason}`)
