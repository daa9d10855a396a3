/**
 * Objects that no manifest of ours names any more, and that are still in the store.
 *
 * Those that hold what was forgotten are urgent: they go as soon as the manifest without them stands, and a push is pending until they are gone.
 * Those that a merge replaced stay for an hour, for readers that hold the old manifest, and go with a later push.
 *
 * Where something that was published is forgotten, what older manifests and segments have left in the store is owed too: older versions of them (their
 * inline tails held it), unfinished uploads, temporary files. It is noted with the intent, before anything is sent, and paid when no manifest of ours
 * holds anything forgotten any more: two or three requests, and one for each older version. Other pushes ask nothing of the kind. Copies of our manifest
 * that a file synchroniser left go with it (OwnCopies.ts). What may not be deleted is remembered, for status, and tried again with the next thing forgotten, or by
 * `hx sync verify --repair`.
 *
 * The same is owed where a key is over, which opens what stood under it; and of vault.json, whose older versions give that key, or open with a passphrase
 * that is over.
 */

import { Duration, Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import * as SyncState from "./SyncState.ts"
import { nowMicros } from "./SyncClock.ts"
import { SyncTuning } from "./SyncTuning.ts"
import type { Purged } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { removeForgottenCopies } from "./OwnCopies.ts"
import { manifestName, segmentName, segmentsOf, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { holdsAny } from "./SegmentPlan.ts"
import { VaultSession } from "./VaultSession.ts"

/** How long what a merge replaced stays, in microseconds. */
export const MERGE_GRACE = Duration.toMillis(Duration.hours(1)) * 1000

/** A segment as what sync remembers of one. */
type Owned = SyncState.Publication["segments"][number]

/**
 * Our segments that are named no more, as debts. Those that hold a purged operation are urgent; others stay for an hour where a manifest named
 * them (`published`), and need not where none ever did.
 */
export const debtsFor = Effect.fnUntraced(function* (
  device: DeviceId,
  segments: { readonly published: ReadonlyArray<Owned>; readonly unpublished: ReadonlyArray<Owned> },
  purged: ReadonlyArray<number>
) {
  const now = yield* nowMicros
  const debt = (grace: number) => (segment: Owned) => {
    const urgent = holdsAny(purged, segment)
    return { name: segmentName(device, segment.id), notBefore: urgent ? now : now + grace, urgent }
  }
  const unpublished = segments.unpublished.map(debt(0))
  return [...unpublished, ...segments.published.map(debt(MERGE_GRACE))] as ReadonlyArray<SyncState.Debt>
})

/** Notes objects to be deleted. What is noted already keeps the earlier time, and urgent stays urgent. */
export const owe = (debts: ReadonlyArray<SyncState.Debt>) =>
  debts.length === 0
    ? Effect.void
    : Effect.gen(function* () {
        const owed = new Map((yield* SyncState.debtsOrNone).map((debt) => [debt.name, debt]))
        for (const debt of debts) {
          const before = owed.get(debt.name)
          owed.set(debt.name, before === undefined || debt.urgent ? debt : before)
        }
        yield* SyncState.putDebts([...owed.values()])
      })

/** What this device's replaced objects have left in the store has to go. */
export const oweOlder = (device: DeviceId) =>
  owe([{ name: segmentsOf(device), notBefore: 0, urgent: true, older: true }])

/** Older versions of vault.json have to go: what opens them is over, or about to be. What stands stays. */
export const oweOlderVault = owe([{ name: VAULT_DESCRIPTOR, notBefore: 0, urgent: true, older: true }])

/** Objects that our manifest names are owed no more, whatever was noted earlier. */
export const keepNamed = (names: ReadonlySet<string>) =>
  Effect.flatMap(SyncState.debtsOrNone, (debts) =>
    debts.some((debt) => names.has(debt.name))
      ? SyncState.putDebts(debts.filter((debt) => !names.has(debt.name)))
      : Effect.void
  )

/** Nothing that is owed waits any longer. */
export const hurryDebts = Effect.flatMap(SyncState.debtsOrNone, (debts) =>
  SyncState.putDebts(debts.map((debt) => ({ ...debt, urgent: true })))
)

export const urgentDebts = Effect.map(SyncState.debtsOrNone, (debts) => debts.filter((debt) => debt.urgent))

/**
 * Deletes what is due; what cannot be deleted now stays owed, with a warning. One DELETE an object. What is not urgent waits for a run that has just
 * published: then, and only then, no manifest that names it can be standing.
 */
export const payDebts = Effect.fn("Debts.pay")(function* (hasPublished: boolean) {
  const { store } = yield* VaultSession
  const { concurrentUploads } = yield* SyncTuning
  const now = yield* nowMicros
  const published = Option.getOrNull(yield* SyncState.publication.get)
  const device = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const named = new Set((published?.segments ?? []).map((segment) => segmentName(device, segment.id)))
  // A time further away than any that we note was noted by a clock that was wrong; what is urgent waits for no clock at all.
  const isTime = (debt: SyncState.Debt) => debt.notBefore <= now || debt.notBefore > now + MERGE_GRACE
  const due = (yield* SyncState.debtsOrNone).filter(
    (debt) =>
      debt.older !== true &&
      published !== null &&
      !named.has(debt.name) &&
      (debt.urgent || (hasPublished && isTime(debt)))
  )
  const paid = yield* Effect.forEach(
    due,
    (debt) =>
      store.delete(debt.name).pipe(
        Effect.map(({ versionsLeft }): Payment => ({ debt, versionsLeft, failure: null })),
        Effect.catchTag("StoreError", (failure) =>
          Effect.as(Effect.logWarning(notDeleted(failure)), { debt, versionsLeft: false, failure } satisfies Payment)
        )
      ),
    { concurrency: concurrentUploads }
  )
  const deleted = paid.filter(({ failure }) => failure === null)
  const gone = new Set(deleted.map(({ debt }) => debt.name))
  if (gone.size > 0) {
    yield* SyncState.putDebts((yield* SyncState.debtsOrNone).filter((debt) => !gone.has(debt.name)))
  }
  const older = yield* payOlder(device, published)
  return {
    deleted: gone.size + older.copies,
    owed: due.length - gone.size + older.owed,
    versionsLeft: older.paid === null ? deleted.filter((each) => each.versionsLeft).length : older.paid.left,
    // What nobody may delete stays there whatever is tried again.
    refused: paid.find(({ debt, failure }) => debt.urgent && failure?.reason === "AccessDenied")?.failure ?? null
  }
})

/** What replaced objects have left. */
const payOlder = Effect.fnUntraced(function* (device: DeviceId, published: SyncState.Publication | null) {
  const owed = (yield* SyncState.debtsOrNone).filter((debt) => debt.older === true)
  const ofVault = owed.filter(({ name }) => name === VAULT_DESCRIPTOR)
  const ofLog = ofVault.length < owed.length && (yield* leavesNothing(published))
  const due = new Set((ofLog ? owed : ofVault).map(({ name }) => name))
  if (due.size === 0) return NOTHING_OLDER
  const { store } = yield* VaultSession
  const { purge } = store
  const names = [...ofVault.map(({ name }) => name), ...(ofLog ? [manifestName(device), segmentsOf(device)] : [])]
  const prefixes = purge === undefined ? [] : names
  const done = yield* Effect.all({
    copies: ofLog ? removeForgottenCopies(device) : Effect.succeed(0),
    paid: Effect.forEach(prefixes, (prefix) => purge!(prefix)).pipe(
      Effect.map((all) => all.reduce(addPurged, { deleted: 0, left: 0 }))
    )
  }).pipe(Effect.catchTag("StoreError", (failure) => Effect.as(Effect.logWarning(notDeleted(failure)), null)))
  if (done === null) return { ...NOTHING_OLDER, owed: 1 }
  const { copies, paid } = done
  yield* SyncState.putDebts((yield* SyncState.debtsOrNone).filter((debt) => debt.older !== true || !due.has(debt.name)))
  const at = yield* nowMicros
  // Where only vault.json was looked after, nothing new is known of the log's.
  const looked = ofLog || paid.left !== 0
  const versionsLeft = paid.left === 0 ? undefined : { at, versions: paid.left }
  if (looked) yield* SyncState.updateActivity((activity) => ({ ...activity, versionsLeft }))
  return { paid, copies, owed: 0 }
})

/** A manifest that still holds something forgotten would leave an older version of itself: then it is too early. */
const leavesNothing = Effect.fnUntraced(function* (published: SyncState.Publication | null) {
  const purged = yield* Effect.flatMap(HistoryDb, (db) => db.log.purged)
  return published !== null && !purged.some((number) => number <= published.last)
})

/** `paid`: null where nothing was asked; `copies` of our manifest that were deleted. */
const NOTHING_OLDER: { readonly paid: Purged | null; readonly copies: number; readonly owed: number } = {
  paid: null,
  copies: 0,
  owed: 0
}

const addPurged = (a: Purged, b: Purged): Purged => ({
  deleted: a.deleted + b.deleted,
  left: a.left === null || b.left === null ? null : a.left + b.left
})

interface Payment {
  readonly debt: SyncState.Debt
  readonly versionsLeft: boolean
  readonly failure: StoreError | null
}

const notDeleted = ({ detail, reason, subject }: StoreError): string =>
  `Not deleted, to be tried again at the next push: ${subject}: ${detail ?? reason}`
