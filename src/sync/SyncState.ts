/**
 * What sync remembers between runs, beside history itself: small JSON documents in the local database, so that they change in the same
 * transaction as what they speak of. Plain numbers and strings only: these shapes outlive versions.
 */

import { Effect, Option, Schema } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { DbError } from "../db/DbError.ts"
import { HistoryDb } from "../db/HistoryDb.ts"

const Device = Schema.String.pipe(Schema.filter((text): text is DeviceId => isDeviceId(text)))
const Count = Schema.NonNegativeInt
/** Microseconds since 1970. */
const Instant = Schema.Int

/** The store this device uses, and what init found out about it. */
export const StoreBinding = Schema.Struct({
  /** The store's URL without secrets. */
  location: Schema.String,
  vaultId: Schema.String,
  encrypted: Schema.Boolean,
  createOnly: Schema.Boolean,
  ifMatch: Schema.Literal("none", "quoted", "unquoted"),
  joined: Instant
})
export type StoreBinding = typeof StoreBinding.Type

/** One segment as the manifest lists it; see format/Manifest.ts for the meaning of each field. */
export const SegmentRefSchema = Schema.Struct({
  id: Schema.String,
  first: Count,
  last: Count,
  count: Count,
  size: Count,
  sealed: Count,
  sha256: Schema.String,
  chain: Schema.String
})

/** Our manifest as it stands in the store, to the best of our knowledge. */
export const Publication = Schema.Struct({
  sequence: Count,
  nonce: Schema.String,
  etag: Schema.String,
  published: Instant,
  /** The last operation it holds, tail included. */
  last: Count,
  segments: Schema.Array(SegmentRefSchema),
  /** "check" (VaultDescriptor.ts) of the key that it is sealed under. Absent: the vault's first key, or none. */
  key: Schema.optional(Schema.String),
  /** This device's name, and the devices that it had taken over; absent of manifests published by an older hx. */
  label: Schema.optional(Schema.String),
  retired: Schema.optional(Schema.Array(Device))
})
export type Publication = typeof Publication.Type

/**
 * A publication that was about to be sent. Kept until one is confirmed, so that a manifest that arrived though we never heard back is
 * recognised as ours, and that the segments sent for one that did not arrive are found again.
 */
export const Intent = Schema.Struct({
  sequence: Count,
  nonce: Schema.String,
  last: Count,
  /** Segments sent, or about to be. */
  segments: Schema.Array(SegmentRefSchema),
  /** Purged operations that this publication leaves out. */
  purged: Schema.Array(Count),
  /** Multipart uploads begun and not known to be over. */
  uploads: Schema.Array(Schema.Struct({ name: Schema.String, uploadId: Schema.String }))
})
export type Intent = typeof Intent.Type

/** An object that no manifest of ours names any more, to be deleted from the given time on; see Debts.ts. */
export const Debt = Schema.Struct({
  name: Schema.String,
  notBefore: Instant,
  urgent: Schema.Boolean,
  /** Not an object, but what replaced ones of this device have left in the store; the name is that of its segments' directory. */
  older: Schema.optional(Schema.Boolean)
})
export type Debt = typeof Debt.Type

/** What is owed to a store that this device has left; see LeftStores.ts. */
export const LeftStore = Schema.Struct({
  location: Schema.String,
  vaultId: Schema.String,
  debts: Schema.Array(Debt),
  intents: Schema.Array(Intent)
})
export type LeftStore = typeof LeftStore.Type

/** A publication that has to begin above a sequence, over an object that does not open or is not ours to trust. */
export const Floor = Schema.Struct({
  /** The next publication's sequence is above this. */
  sequence: Count,
  /** The ETag of the object to replace; null where there is none; empty where it could not be read. */
  etag: Schema.NullOr(Schema.String)
})
export type Floor = typeof Floor.Type

/** What is remembered of another device's manifest. */
export const PeerState = Schema.Struct({
  /** A copy of the manifest that a file synchroniser left, and not the device's own. */
  copy: Schema.Boolean,
  label: Schema.String,
  sequence: Count,
  published: Instant,
  /** Remembered only when the whole log has been applied; null: read the manifest again. */
  etag: Schema.NullOr(Schema.String),
  last: Count,
  /** Entries of the log, purged ones not counted; sealed bytes; for status only. */
  operations: Count,
  segments: Count,
  bytes: Count,
  boundaries: Schema.Array(Schema.Struct({ at: Count, chain: Schema.String })),
  /** The sequence it had last seen of other devices. */
  seen: Schema.Array(Schema.Struct({ device: Device, sequence: Count })),
  retired: Schema.Array(Device),
  /** The same with all that the manifest says of each; absent where an older hx has read it. */
  retirements: Schema.optional(
    Schema.Array(
      Schema.Struct({
        device: Device,
        last: Count,
        at: Instant,
        label: Schema.optional(Schema.String),
        chain: Schema.optional(Schema.String)
      })
    )
  ),
  /** Sequences up to this one are not missed any more: the store went back, and a forced pull took it as it is. */
  forgiven: Count,
  /** Why it could not be read to its end last time. */
  problem: Schema.NullOr(Schema.String),
  /** Segments that were found archived, when all were last tried; see LogPlan.splitArchived. */
  archived: Schema.optional(Schema.Struct({ at: Instant, ids: Schema.Array(Schema.String) })),
  /** The key epoch it was sealed under. */
  epoch: Schema.optional(Count)
})
export type PeerState = typeof PeerState.Type

/** Objects of one kind that a pull met: applied now; passed over, since nothing of them is new; or left alone because of a problem. */
export const ObjectCounts = Schema.Struct({ applied: Count, unchanged: Count, problems: Count })
export type ObjectCounts = typeof ObjectCounts.Type

/** What the last push that succeeded did; see PushReport. */
export const LastPush = Schema.Struct({
  at: Instant,
  published: Schema.Boolean,
  operations: Count,
  entries: Count,
  rules: Count,
  segments: Count,
  bytes: Count,
  deleted: Count,
  owed: Count
})
export type LastPush = typeof LastPush.Type

/** What the last pull that succeeded did, though perhaps with problems; see PullReport. */
export const LastPull = Schema.Struct({
  at: Instant,
  devices: Count,
  changed: Count,
  added: Count,
  merged: Count,
  removed: Count,
  bytes: Count,
  manifests: ObjectCounts,
  segments: ObjectCounts,
  /** The first of them, with their words. */
  problems: Schema.Array(
    Schema.Struct({ kind: Schema.String, device: Schema.String, name: Schema.String, detail: Schema.String })
  )
})
export type LastPull = typeof LastPull.Type

/** What the last `hx sync verify` that got to its end came to; see VerifyReport. */
export const LastVerify = Schema.Struct({
  at: Instant,
  /** Whether it was to repair. */
  repair: Schema.Boolean,
  /** Objects that were read and open. */
  objects: Count,
  /** What was wrong and still is, and what it has repaired. */
  problems: Count,
  repaired: Count
})
export type LastVerify = typeof LastVerify.Type

/** When sync last did what; for status. */
export const Activity = Schema.Struct({
  lastPush: Schema.NullOr(Instant),
  lastPull: Schema.NullOr(Instant),
  /** `tag` as tagOf gives it. It stays when sync succeeds again: the times tell. */
  lastError: Schema.NullOr(
    Schema.Struct({
      at: Instant,
      tag: Schema.String,
      message: Schema.String,
      during: Schema.optional(Schema.Literal("push", "pull"))
    })
  ),
  push: Schema.optional(LastPush),
  pull: Schema.optional(LastPull),
  verify: Schema.optional(LastVerify),
  /** Older versions that may hold what was forgotten and that we may not delete: how many, null where we may not look. Absent: none. */
  versionsLeft: Schema.optional(Schema.Struct({ at: Instant, versions: Schema.NullOr(Count) })),
  /** Conflicts met and resolved, newest last; at most ten. */
  conflicts: Schema.Array(Schema.Struct({ at: Instant, what: Schema.String }))
})
export type Activity = typeof Activity.Type

/** What was asked of one store in one calendar month; see Usage.ts. */
export const MonthUse = Schema.Struct({
  /** As describeLocation names it. */
  store: Schema.String,
  /** "2026-11", UTC. */
  month: Schema.String,
  operations: Schema.Array(
    Schema.Struct({
      /** A RequestOperation of this version, or of another one. */
      operation: Schema.String,
      /** Requests that may have reached the store, and those of them that had no answer, or one that is an error. */
      requests: Count,
      failed: Count,
      /** Bytes of objects. */
      sent: Count,
      received: Count
    })
  ),
  /** Requests that did not reach it. */
  unreached: Count
})
export type MonthUse = typeof MonthUse.Type

/** How an error is remembered: its tag, with its reason where it has one ("StoreError.Refused"). Words are for cli to find. */
export const tagOf = (error: { readonly _tag: string; readonly reason?: string; readonly newer?: boolean }): string => {
  const reason = error.newer === true ? "NewerFormat" : error.reason
  return reason === undefined ? error._tag : `${error._tag}.${reason}`
}

const NO_ACTIVITY: Activity = { lastPush: null, lastPull: null, lastError: null, conflicts: [] }

/** One document under one key. */
export const document = <A, I>(key: string, schema: Schema.Schema<A, I>) => {
  const decode = Schema.decode(Schema.parseJson(schema))
  const encode = Schema.encodeSync(Schema.parseJson(schema))
  return {
    get: Effect.gen(function* () {
      const db = yield* HistoryDb
      const stored = yield* db.documents.get(key)
      if (Option.isNone(stored)) return Option.none<A>()
      return Option.some(yield* decode(stored.value).pipe(Effect.mapError(unreadable(key))))
    }),
    put: (value: A) => Effect.flatMap(HistoryDb, (db) => db.documents.put(key, encode(value))),
    remove: Effect.flatMap(HistoryDb, (db) => db.documents.remove(key))
  }
}

const unreadable = (key: string) => (cause: unknown) =>
  new DbError({ reason: "Damaged", path: "history.db", detail: `its document ${key} cannot be read`, cause })

const intents = document("sync.intents", Schema.Array(Intent))
const debts = document("sync.debts", Schema.Array(Debt))
const activity = document("sync.activity", Activity)
const usage = document("sync.usage", Schema.Array(MonthUse))

export const binding = document("sync.binding", StoreBinding)
export const publication = document("sync.publication", Publication)
export const floor = document("sync.floor", Floor)
export const left = document("sync.left", Schema.Array(LeftStore))
/** The vault that an interrupted init was about to found, or to move (it was this device's already), and where. */
export const founding = document(
  "sync.founding",
  Schema.Struct({ location: Schema.String, vaultId: Schema.String, moved: Schema.Boolean })
)
/** The vault this device last belonged to: its key is tried first, and a move to an empty store keeps it. */
export const homeVault = document(
  "sync.vault",
  Schema.Struct({
    vaultId: Schema.String,
    encrypted: Schema.Boolean,
    /** The store it was last in, as in StoreBinding; absent where an older hx has noted it. */
    location: Schema.optional(Schema.String)
  })
)

/**
 * The sequences up to which this device had published in each vault when it left it. Peers that publish nothing themselves tell nobody what they have
 * seen, and would take a log that begins anew for one that went back. Up to hx 0.1 of the last vault only.
 */
const Highest = Schema.Struct({ vaultId: Schema.String, sequence: Count })
const highest = document("sync.highest", Schema.Union(Schema.Array(Highest), Highest))

const highestOfAll = Effect.map(highest.get, (noted) => {
  const known = Option.getOrElse(noted, (): ReadonlyArray<typeof Highest.Type> => [])
  return "vaultId" in known ? [known] : known
})

/** More vaults than anybody moves between; the one left longest ago is forgotten first. */
const MAX_HIGHEST = 16

/** Archived objects that this device last asked the store to restore, and when; see Restore.ts. */
export const restores = document("sync.restores", Schema.Struct({ at: Instant, names: Schema.Array(Schema.String) }))

const none: ReadonlyArray<never> = []

export const intentsOrNone = Effect.map(
  intents.get,
  Option.getOrElse((): ReadonlyArray<Intent> => none)
)
export const putIntents = intents.put
export const debtsOrNone = Effect.map(
  debts.get,
  Option.getOrElse((): ReadonlyArray<Debt> => none)
)
export const putDebts = debts.put
export const activityOrNone = Effect.map(
  activity.get,
  Option.getOrElse(() => NO_ACTIVITY)
)

/** Of all stores. It outlives a reset. */
export const usageOrNone = Effect.map(
  usage.get,
  Option.getOrElse((): ReadonlyArray<MonthUse> => none)
)
export const putUsage = usage.put

export const updateActivity = (change: (current: Activity) => Activity) =>
  Effect.flatMap(activityOrNone, (current) => activity.put(change(current)))

/** Removes all that is remembered of the store; see LeftStores.leave. */
export const clear = Effect.gen(function* () {
  const db = yield* HistoryDb
  yield* db.transaction(
    Effect.all([
      noteHighest,
      binding.remove,
      publication.remove,
      floor.remove,
      founding.remove,
      intents.remove,
      debts.remove,
      activity.remove,
      restores.remove,
      db.peers.restartAll
    ])
  )
})

const noteHighest = Effect.gen(function* () {
  const bound = Option.getOrNull(yield* binding.get)
  if (bound === null) return
  const published = Option.match(yield* publication.get, { onNone: () => 0, onSome: (known) => known.sequence })
  const below = Option.match(yield* floor.get, { onNone: () => 0, onSome: (known) => known.sequence })
  const before = yield* highestIn(bound.vaultId)
  const sequence = Math.max(published, below, before)
  const others = (yield* highestOfAll).filter(({ vaultId }) => vaultId !== bound.vaultId)
  if (sequence > 0) yield* highest.put([...others, { vaultId: bound.vaultId, sequence }].slice(-MAX_HIGHEST))
})

/** See `highest`; 0 for a vault in which nothing had been published. */
export const highestIn = (vaultId: string) =>
  Effect.map(highestOfAll, (noted) => noted.find((each) => each.vaultId === vaultId)?.sequence ?? 0)

const peerCodec = Schema.parseJson(PeerState)
const decodePeer = Schema.decode(peerCodec)
const encodePeer = Schema.encodeSync(peerCodec)

export const putPeer = (log: DeviceId, state: PeerState) =>
  Effect.flatMap(HistoryDb, (db) => db.peers.put(log, encodePeer(state)))

/** Changes what is remembered of a log, if anything is. Inside a transaction where several do so at once. */
export const updatePeer = Effect.fnUntraced(function* (log: DeviceId, change: (state: PeerState) => PeerState) {
  const db = yield* HistoryDb
  const stored = yield* db.peers.get(log)
  if (Option.isNone(stored)) return
  const state = yield* decodePeer(stored.value).pipe(Effect.mapError(unreadable("peers")))
  yield* putPeer(log, change(state))
})

/** All logs of which anything is remembered. */
export const allPeers = Effect.gen(function* () {
  const db = yield* HistoryDb
  const rows = yield* db.peers.all
  const peers = yield* Effect.forEach(rows, (row) =>
    Effect.map(decodePeer(row.state), (state) => [row.log, state] as const)
  ).pipe(Effect.mapError(unreadable("peers")))
  return new Map(peers)
})
