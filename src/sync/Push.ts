/**
 * Push: publishes what this device knows and the store does not.
 *
 *     nothing pending: no request
 *     commit the intent → upload missing segments → swap the manifest → commit the outcome → pay debts (deletions)
 *
 * Invariants, which tests cite by number:
 *  1. No published manifest names a segment that is not durable: the swap comes after every upload it needs.
 *  2. The manifest only ever replaces one that we know: by If-Match or If-None-Match; where the store ignores conditions, by reading it before
 *     and after.
 *  3. Whatever happens in between, running push again brings the same state: the intent's nonce tells our own publication from another's.
 *  4. No object is deleted while the manifest that we know to stand names it.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { isAmbiguous, type StoreError } from "../store/StoreError.ts"
import { debtsFor, hurryDebts, keepNamed, MERGE_GRACE, owe, payDebts, urgentDebts } from "./Debts.ts"
import { rekeyPending } from "./KnownVault.ts"
import { fetchManifestOf } from "./ManifestFetch.ts"
import { segmentName } from "./ObjectNames.ts"
import { type Forked, readAndSettle, settle, type Settled, type SettleOptions } from "./OwnManifest.ts"
import { publicationOf } from "./OwnPublication.ts"
import { type Draft, draftPublication, dropIntent, isConditional, putManifest } from "./Publish.ts"
import { nowMicros } from "./SyncClock.ts"
import { SwapUnsettled } from "./SyncError.ts"
import { sweepProbes } from "./ProbeNotes.ts"
import { ownRetirements } from "./Retirements.ts"
import type { Durable } from "./SegmentUpload.ts"
import * as SyncState from "./SyncState.ts"
import { VaultSession } from "./VaultSession.ts"

export interface PushReport {
  /** Whether a manifest was written: also with nothing new, where something had to go or was to be published again. */
  readonly published: boolean
  /** Operations that this run made public; the entries they speak of, and the rules of what is forgotten. */
  readonly operations: number
  readonly entries: number
  readonly rules: number
  /** Segments made, and their sealed bytes. */
  readonly segments: number
  readonly bytes: number
  /** Objects deleted, and how many could not be and still have to. */
  readonly deleted: number
  readonly owed: number
  /**
   * Older versions of this device's objects that the store keeps and we may not delete, counted where something forgotten had been published; null: there
   * may be some, and we may not look.
   */
  readonly versionsLeft: number | null
  /** Why what was forgotten is still in the store: this device may not delete it. */
  readonly refused: StoreError | null
  /** Where this installation turned out to be a copy: under which id it continues. */
  readonly forks: ReadonlyArray<Forked>
}

/** What a push would have to do; finding out costs no request. */
export interface Pending {
  /** Operations that the store lacks; the entries they speak of, and the rules of what is forgotten. */
  readonly operations: number
  readonly entries: number
  readonly rules: number
  /** Published operations that must go, since a rule covers their entry. */
  readonly purged: number
  /** Objects that must be deleted. */
  readonly deletions: number
  /** What is published is sealed under a key that is over: all of it has to be sealed and published again. */
  readonly rekey: boolean
  /** This device has a new name, which the others have still to hear of. */
  readonly renamed: boolean
  /** Devices that this one has taken over, which the others have still to hear of. */
  readonly retired: number
}

/** A round is lost only to another's publication or to an unheard one of our own: this many in a row mean a store that does not behave. */
const MAX_ROUNDS = 6

export const pending = Effect.gen(function* () {
  const db = yield* HistoryDb
  const { operations, purged } = yield* unpublished
  const end = yield* db.log.end
  return {
    operations,
    ...(yield* db.log.content(end - operations + 1, end)),
    purged,
    deletions: (yield* urgentDebts).length,
    rekey: yield* rekeyPending,
    ...(yield* untold)
  } satisfies Pending as Pending
})

/** What a manifest says beside the log, where the one that stands says something else. */
const untold = Effect.gen(function* () {
  const published = Option.getOrNull(yield* SyncState.publication.get)
  const label = yield* Effect.flatMap(HistoryDb, (db) => db.device.label)
  const told = new Set<string>(published?.retired ?? [])
  return {
    renamed: published?.label !== undefined && published.label !== label,
    retired: (yield* ownRetirements).filter(({ device }) => !told.has(device)).length
  }
})

const unpublished = Effect.gen(function* () {
  const db = yield* HistoryDb
  const last = Option.match(yield* SyncState.publication.get, { onNone: () => 0, onSome: (known) => known.last })
  return {
    operations: (yield* db.log.end) - last,
    purged: (yield* db.log.purged).filter((number) => number <= last).length
  }
})

/** Whether a push has anything to ask of the store; without it none need be opened. */
export const needed = Effect.gen(function* () {
  return (yield* mustPublish) || (yield* urgentDebts).length > 0
})

export const NOTHING_PUSHED: PushReport = {
  published: false,
  operations: 0,
  entries: 0,
  rules: 0,
  segments: 0,
  bytes: 0,
  deleted: 0,
  owed: 0,
  versionsLeft: 0,
  refused: null,
  forks: []
}

export interface PushOptions extends SettleOptions {
  /** Of this device's segments in the store those that are whole, and their sizes, as `hx sync verify` found: the others are sent again. */
  readonly durable?: Durable
  /** A sequence that somebody has seen of this device, beside those that are known to. */
  readonly above?: number
}

/**
 * Publishes what is pending; with `force`, publishes in any case, over a store that went back, and with `durable` what is to be made whole again. The
 * caller holds the device lock.
 */
export const push = Effect.fn("Push.run")(function* (options: PushOptions) {
  const forks: Array<Forked> = []
  if (options.force) collectForks(forks, yield* readAndSettle(options))
  const { _tag, ...made } = yield* publishUntilSettled(options, forks, 1)
  const debts = yield* payDebts(made.published)
  if (made.published) yield* Effect.flatMap(VaultSession, ({ binding, store }) => sweepProbes(binding.location, store))
  return { ...made, ...debts, forks } satisfies PushReport as PushReport
})

type Round =
  | {
      readonly _tag: "Settled"
      /** Whether this run made a manifest that stands now. */
      readonly published: boolean
      readonly operations: number
      readonly entries: number
      readonly rules: number
      readonly segments: number
      readonly bytes: number
    }
  | { readonly _tag: "Again" }

const NOTHING_TO_DO: Round = {
  _tag: "Settled",
  published: false,
  operations: 0,
  entries: 0,
  rules: 0,
  segments: 0,
  bytes: 0
}
const AGAIN: Round = { _tag: "Again" }

const publishUntilSettled = Effect.fnUntraced(function* (options: PushOptions, forks: Array<Forked>, first: number) {
  for (let round = first; round <= MAX_ROUNDS; round++) {
    const outcome = yield* publishOnce(options, forks)
    if (outcome._tag === "Settled") return outcome
  }
  const { store } = yield* VaultSession
  return yield* new SwapUnsettled({ store: store.display, rounds: MAX_ROUNDS })
})

/** One attempt: settled when our manifest stands in the store, or when there is nothing to publish (any more). */
const publishOnce = Effect.fnUntraced(function* (options: PushOptions, forks: Array<Forked>) {
  const { store } = yield* VaultSession
  if (!options.force && options.durable === undefined && !(yield* mustPublish)) return NOTHING_TO_DO
  if (!isConditional(store.capabilities)) {
    const settled = yield* readAndSettle(options)
    collectForks(forks, settled)
    if (settled._tag === "Forked" || settled._tag === "Adopted") return AGAIN
  }
  const draft = yield* draftPublication(options.force, options)
  const swap = yield* putManifest(draft).pipe(
    Effect.map((stored) => ({ _tag: "Stored" as const, etag: stored.etag })),
    Effect.catchTag("StoreError", (error) => Effect.succeed({ _tag: "Failed" as const, error }))
  )
  if (swap._tag === "Stored" && isConditional(store.capabilities)) return yield* confirm(draft, swap.etag)
  if (swap._tag === "Failed" && !mayHaveLost(swap.error)) {
    yield* dropIntent(draft.manifest.nonce)
    return yield* swap.error
  }
  return yield* lookAgain(draft, swap._tag === "Failed" ? swap.error : null, forks)
})

/** Whether anything is pending that a manifest has to tell. */
const mustPublish = Effect.gen(function* () {
  const { operations, purged } = yield* unpublished
  const floor = yield* SyncState.floor.get
  if (yield* rekeyPending) return true
  const { renamed, retired } = yield* untold
  if (renamed || retired > 0) return true
  return (
    operations > 0 || purged > 0 || (Option.isSome(floor) && (yield* Effect.flatMap(HistoryDb, (db) => db.log.end)) > 0)
  )
})

/** The swap was refused, or its answer lost, or the store knows no conditions: what stands there decides. */
const lookAgain = Effect.fnUntraced(function* (draft: Draft, failure: StoreError | null, forks: Array<Forked>) {
  const fetched = yield* fetchManifestOf(draft.manifest.device)
  if (fetched._tag === "Found" && fetched.manifest.nonce === draft.manifest.nonce) {
    return yield* confirm(draft, fetched.etag)
  }
  const settled = yield* settle(fetched, { force: false })
  collectForks(forks, settled)
  // Nothing changed there, so the write did not arrive: the retries that the policy allows are spent already.
  if (settled._tag === "Unchanged" && failure !== null && isAmbiguous(failure.reason)) return yield* failure
  return AGAIN
})

const mayHaveLost = (error: StoreError): boolean =>
  error.reason === "SwapLost" ||
  error.reason === "AlreadyExists" ||
  error.reason === "Absent" ||
  isAmbiguous(error.reason)

/** Our manifest stands: remember it, and what it made superfluous, in one transaction. */
const confirm = Effect.fnUntraced(function* (draft: Draft, etag: string) {
  const db = yield* HistoryDb
  const { manifest } = draft
  const { keyring } = yield* VaultSession
  const publication = publicationOf(manifest, etag, keyring)
  const before = Option.getOrNull(yield* SyncState.publication.get)
  const now = yield* nowMicros
  const named = new Set(manifest.segments.map((segment) => segmentName(manifest.device, segment.id)))
  const replaced = draft.replaced.map(({ segment, urgent }) => ({
    name: segmentName(manifest.device, segment.id),
    notBefore: urgent ? now : now + MERGE_GRACE,
    urgent
  }))
  const unpublished = (yield* SyncState.intentsOrNone).flatMap((intent) => intent.segments)
  const abandoned = yield* debtsFor(manifest.device, { published: [], unpublished }, draft.purged)
  yield* db.transaction(
    Effect.all([
      SyncState.publication.put(publication),
      SyncState.floor.remove,
      SyncState.putIntents([]),
      db.log.confirmPurged(draft.purged),
      owe([...replaced, ...abandoned].filter((debt) => !named.has(debt.name))),
      keepNamed(named),
      // Nothing under a key that is over stays for readers of an older manifest: they read it again.
      manifest.epoch > 1 && before?.key !== publication.key ? hurryDebts : Effect.void
    ])
  )
  const settled: Round = {
    _tag: "Settled",
    published: true,
    operations: manifest.last - (before?.last ?? 0),
    ...(yield* db.log.content((before?.last ?? 0) + 1, manifest.last)),
    segments: draft.sent.segments,
    bytes: draft.sent.bytes
  }
  return settled
})

const collectForks = (forks: Array<Forked>, settled: Settled) => {
  if (settled._tag === "Forked") forks.push(settled)
}
