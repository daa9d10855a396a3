/**
 * Settling what stands under our own name in the store with what we remember: recognise our own publications, step aside for a clone, stop
 * where the store went back. The decision is Conflict.decide; this module carries it out.
 */

import { Effect, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { DeviceId } from "../domain/Device.ts"
import { type Manifest, ManifestError } from "../format/Manifest.ts"
import { Entropy } from "../platform/Entropy.ts"
import type { StoreError } from "../store/StoreError.ts"
import { decide, type RemoteManifest } from "./Conflict.ts"
import { debtsFor, keepNamed, owe, oweOlder } from "./Debts.ts"
import { rekeyPending } from "./KnownVault.ts"
import { boundariesOf } from "./LogPlan.ts"
import { type FetchedManifest, fetchManifestOf } from "./ManifestFetch.ts"
import { manifestName, segmentName } from "./ObjectNames.ts"
import { continueAs, noteConflict, publicationOf } from "./OwnPublication.ts"
import { seenByPeers } from "./Seen.ts"
import { noteRetired, recoverRetirements } from "./Retirements.ts"
import { successorOf } from "./Successor.ts"
import { ManifestCorrupt, SequenceConflict } from "./SyncError.ts"
import { knownElsewhere } from "./KnownElsewhere.ts"
import { abortLeftUploads } from "./SegmentUpload.ts"
import { purgedStillHeld } from "./StillHeld.ts"
import * as SyncState from "./SyncState.ts"
import { VaultSession } from "./VaultSession.ts"

export interface SettleOptions {
  /** Take the store as it is, where plain runs stop (never where a clone is found). */
  readonly force: boolean
}

/** What settling came to; a fork is told to the user. */
export type Settled =
  { readonly _tag: "Unchanged" } | { readonly _tag: "Adopted" } | { readonly _tag: "TookRemote" } | Forked

export interface Forked {
  readonly _tag: "Forked"
  readonly from: DeviceId
  readonly to: DeviceId
  /** Operations that the other installation's log lacks, and that the new log begins with. */
  readonly moved: number
  /** It came back after another device, of this name, had retired it: nobody took over what was moved. */
  readonly retiredBy?: string
}

/** Reads our manifest and settles it. */
export const readAndSettle = (options: SettleOptions) =>
  Effect.gen(function* () {
    const db = yield* HistoryDb
    const fetched = yield* fetchManifestOf(yield* db.device.id)
    return yield* settle(fetched, options)
  })

/** Brings our memory in line with the manifest found under our name; fails where a person has to decide. */
export const settle = Effect.fn("OwnManifest.settle")(function* (found: FetchedManifest, options: SettleOptions) {
  const { store } = yield* VaultSession
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const intents = yield* SyncState.intentsOrNone
  const fetched = yield* trustOutdated(found, known, intents)
  // The very object that we published, under a key that we have no more: the next push replaces it.
  if (fetched._tag === "Unreadable" && fetched.etag === known?.etag && (yield* rekeyPending)) {
    return { _tag: "Unchanged" } satisfies Settled as Settled
  }
  const device = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  // Whoever wrote it knows more than we do, so it is not ours to replace, with or without force.
  if (fetched._tag === "Unreadable" && fetched.newer) {
    return yield* new ManifestError({ reason: "NewerFormat", device, detail: fetched.detail })
  }
  if (fetched._tag === "Archived" && !options.force) return yield* settleArchived(fetched.error, device, known)
  const decision = decide(known, intents, yield* describe(fetched))
  const stops = !options.force && (decision._tag === "RolledBack" || decision._tag === "Corrupt")
  // All other rows forget the intents, which are all that tells of uploads that killed runs left.
  if (decision._tag !== "Proceed" && !stops) yield* abortLeftUploads
  switch (decision._tag) {
    case "Proceed":
      yield* rememberEtag(fetched)
      return { _tag: "Unchanged" } satisfies Settled as Settled
    case "Adopt":
      if (fetched._tag !== "Found") return { _tag: "Unchanged" } satisfies Settled as Settled
      if (known === null && (yield* isOfAnother(fetched.manifest, intents)))
        return yield* fork(device, fetched.manifest)
      yield* adopt(fetched.manifest, fetched.etag)
      return { _tag: "Adopted" } satisfies Settled as Settled
    case "Fork":
      if (fetched._tag !== "Found") return { _tag: "Unchanged" } satisfies Settled as Settled
      yield* stopRetired
      return yield* fork(device, fetched.manifest)
    case "RolledBack":
      yield* stopRetired
      // Behind what we published, and yet with operations that we lack: another installation wrote it, and force overwrites nobody.
      if (options.force && fetched._tag === "Found" && !(yield* agreesWith(fetched.manifest))) {
        return yield* fork(device, fetched.manifest)
      }
      if (options.force) return yield* takeRemote(fetched, known)
      return yield* new SequenceConflict({
        store: store.display,
        ours: known?.sequence ?? 0,
        theirs: decision.theirs
      })
    case "Corrupt":
      if (options.force) return yield* takeRemote(fetched, known)
      return yield* new ManifestCorrupt({
        store: store.display,
        name: manifestName(device),
        detail: decision.detail
      })
    case "Replace":
      return yield* takeRemote(fetched, known)
  }
})

/**
 * A manifest of ours under a key that is over, which is none of those accepted: it is taken for ours only where it can tell us nothing, since it is
 * one that we remember, or says what our log says. Else whoever has the old key could make us step aside.
 */
const trustOutdated = Effect.fnUntraced(function* (
  fetched: FetchedManifest,
  known: SyncState.Publication | null,
  intents: ReadonlyArray<SyncState.Intent>
) {
  if (fetched._tag !== "Unreadable" || fetched.outdated === undefined) return fetched
  const { etag, outdated: manifest } = fetched
  const remembered = [...(known === null ? [] : [known]), ...intents].some(({ nonce }) => nonce === manifest.nonce)
  if (!remembered && (known !== null || !(yield* agreesWith(manifest)))) return fetched
  return { _tag: "Found", etag, manifest, sha256: "" } satisfies FetchedManifest as FetchedManifest
})

/** Our manifest may be gone, or another's, because we were retired: then no remedy brings it back. Costs a LIST, and a GET a manifest that is new. */
const stopRetired = Effect.gen(function* () {
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const successor = yield* successorOf(self)
  if (successor !== undefined) return yield* Effect.flatten(noteRetired(successor))
})

/** It cannot be read before it is restored, but the list tells its ETag, and so whether it is the one that we know. */
const settleArchived = Effect.fnUntraced(function* (
  error: StoreError,
  device: DeviceId,
  known: SyncState.Publication | null
) {
  const { store } = yield* VaultSession
  const listed = yield* Stream.runHead(store.list(manifestName(device)))
  if (known === null || !Option.exists(listed, ({ etag }) => etag === known.etag)) return yield* error
  return { _tag: "Unchanged" } satisfies Settled as Settled
})

const describe = Effect.fnUntraced(function* (fetched: FetchedManifest) {
  switch (fetched._tag) {
    case "Absent":
      return { _tag: "Absent" } satisfies RemoteManifest as RemoteManifest
    case "Archived":
    case "Unreadable":
      return { _tag: "Unreadable", detail: fetched.detail } satisfies RemoteManifest as RemoteManifest
    case "Found":
      return {
        _tag: "Found",
        sequence: fetched.manifest.sequence,
        nonce: fetched.manifest.nonce,
        agrees: yield* agreesWith(fetched.manifest)
      } satisfies RemoteManifest as RemoteManifest
  }
})

/**
 * Equal chains say that two logs add the same entries, not that they tell the same of them: copies of an installation that had not published yet may
 * have read the same history file under different hosts. Up to where this device had published before a reset it is its own log; beyond, bodies decide.
 */
const isOfAnother = Effect.fnUntraced(function* (manifest: Manifest, intents: ReadonlyArray<SyncState.Intent>) {
  const { binding } = yield* VaultSession
  const isOurs = intents.some(({ nonce }) => nonce === manifest.nonce)
  if (isOurs || manifest.sequence <= (yield* SyncState.highestIn(binding.vaultId))) return false
  const known = yield* knownElsewhere(manifest, 0)
  return Array.from({ length: manifest.last }, (_, index) => index + 1).some((number) => !known.has(number))
})

/** Whether our log has every operation of the manifest. */
const agreesWith = (manifest: Manifest) => Effect.map(commonWith(manifest), (common) => common === manifest.last)

/** The last boundary of a manifest up to which our log has the same operations; 0 where none. */
const commonWith = Effect.fnUntraced(function* (manifest: Manifest) {
  const db = yield* HistoryDb
  const end = yield* db.log.end
  for (const boundary of [...boundariesOf(manifest)].reverse()) {
    if (boundary.at <= end && (yield* db.log.chainAt(boundary.at)) === boundary.chain) return boundary.at
  }
  return 0
})

/** What the next swap has to replace: the same manifest may have been written again, or an unreadable one be gone. */
const rememberEtag = Effect.fnUntraced(function* (fetched: FetchedManifest) {
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const floor = Option.getOrNull(yield* SyncState.floor.get)
  const etag = etagOf(fetched)
  if (known !== null && etag !== null && etag !== known.etag) yield* SyncState.publication.put({ ...known, etag })
  if (floor !== null && etag !== floor.etag) yield* SyncState.floor.put({ ...floor, etag })
})

/** As Floor.etag has it. */
const etagOf = (fetched: FetchedManifest): string | null => {
  if (fetched._tag === "Absent") return null
  return fetched._tag === "Archived" ? "" : fetched.etag
}

/** The manifest is ours: it becomes what we remember; what it made superfluous becomes a debt. */
export const adopt = Effect.fn("OwnManifest.adopt")(function* (manifest: Manifest, etag: string) {
  const db = yield* HistoryDb
  const { keyring } = yield* VaultSession
  const intents = yield* SyncState.intentsOrNone
  const intent = intents.find((each) => each.nonce === manifest.nonce)
  const floor = Option.getOrNull(yield* SyncState.floor.get)
  const superfluous = yield* supersededBy(manifest.device)
  const held = yield* purgedStillHeld(manifest)
  // After a reset nothing tells whether what older manifests left in the store is gone.
  const unsure = Option.isNone(yield* SyncState.publication.get) && (yield* db.log.everPurged).length > 0
  yield* db.transaction(
    Effect.all([
      unsure ? oweOlder(manifest.device) : Effect.void,
      SyncState.publication.put(publicationOf(manifest, etag, keyring)),
      recoverRetirements(manifest.retired),
      // An older manifest of ours, put back by hand: peers have seen newer ones all the same.
      floor !== null && floor.sequence > manifest.sequence
        ? SyncState.floor.put({ ...floor, etag })
        : SyncState.floor.remove,
      SyncState.putIntents([]),
      db.log.confirmPurged(intent?.purged ?? []),
      db.log.doubtPurged(held),
      owe(superfluous),
      keepNamed(new Set(manifest.segments.map((segment) => segmentName(manifest.device, segment.id))))
    ])
  )
})

/** What we had published, or begun to, as debts; the publication that stands keeps what it names. */
const supersededBy = Effect.fnUntraced(function* (device: DeviceId) {
  const db = yield* HistoryDb
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const unpublished = (yield* SyncState.intentsOrNone).flatMap((intent) => intent.segments)
  return yield* debtsFor(device, { published: known?.segments ?? [], unpublished }, yield* db.log.purged)
})

/**
 * The log went on without us: another installation has our id. It keeps it; we continue under a new one, with every operation of ours that
 * its log lacks.
 */
const fork = Effect.fnUntraced(function* (from: DeviceId, manifest: Manifest) {
  const db = yield* HistoryDb
  const published = Option.getOrNull(yield* SyncState.publication.get)
  // Beyond what we have published, equal chains say that both logs add the same entries, not that they tell the same of them.
  const common = Math.min(yield* commonWith(manifest), published?.last ?? 0)
  const known = yield* knownElsewhere(manifest, common)
  const to = DeviceId(yield* Entropy.hex(16))
  const label = yield* db.device.label
  const moved = yield* db.transaction(
    Effect.zipRight(
      db.device.rename(`${label.replace(/ \([0-9a-f]{4}\)$/, "")} (${to.slice(0, 4)})`),
      continueAs({ newId: to, common, known }, `${from} is used by another installation`)
    )
  )
  return { _tag: "Forked", from, to, moved } satisfies Settled as Settled
})

/**
 * Takes the store as it is: what it lacks of our log becomes pending, and the next publication goes above every sequence that we or any
 * device we know of has seen.
 */
const takeRemote = Effect.fnUntraced(function* (fetched: FetchedManifest, known: SyncState.Publication | null) {
  const db = yield* HistoryDb
  const device = yield* db.device.id
  const floor = Option.getOrNull(yield* SyncState.floor.get)
  const sequence = Math.max(known?.sequence ?? 0, floor?.sequence ?? 0, yield* seenByPeers(device))
  yield* db.transaction(
    Effect.gen(function* () {
      if (fetched._tag === "Found" && (yield* agreesWith(fetched.manifest))) {
        yield* adopt(fetched.manifest, fetched.etag)
      } else {
        yield* owe(yield* supersededBy(device))
        yield* SyncState.publication.remove
        yield* SyncState.putIntents([])
      }
      yield* SyncState.floor.put({ sequence, etag: etagOf(fetched) })
      if (known !== null) yield* noteConflict(`${wentWrong(fetched, known)}: the next publication goes above it`)
    })
  )
  return { _tag: "TookRemote" } satisfies Settled as Settled
})

const wentWrong = (fetched: FetchedManifest, known: SyncState.Publication): string => {
  if (fetched._tag === "Absent")
    return `the manifest of this device was gone from the store after publication ${known.sequence}`
  return fetched._tag === "Found"
    ? `the store had gone back from publication ${known.sequence} to ${fetched.manifest.sequence}`
    : `the manifest of this device did not open: ${fetched.detail}`
}
