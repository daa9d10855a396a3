/**
 * HistoryDb: the local database, one SQLite file per data directory.
 *
 * It is never uploaded. For other devices' logs it is a derived index that may be deleted and pulled again; for this device's own operations
 * it is the truth, and durable. Everything that belongs together is written in one transaction: entries with the range of operations they came
 * from, a rule with the deletion of what it covers.
 */

import { Context, Effect, Layer, type Option } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { Entry } from "../domain/Entry.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetRule } from "../domain/ForgetRule.ts"
import type { ChainHash } from "../domain/LogChain.ts"
import type { Operation, OperationIdentity } from "../domain/Operation.ts"
import type { Entropy } from "../platform/Entropy.ts"
import type { Connection } from "./Connection.ts"
import { type DbError, dbError } from "./DbError.ts"
import { makeDocuments } from "./Documents.ts"
import type { HistoryQueries } from "./HistoryQueries.ts"
import { openFile, openMemory } from "./Open.ts"
import { makeOwnLog } from "./OwnLog.ts"
import { makePeerLogs } from "./PeerLogs.ts"
import { makeQueries } from "./Queries.ts"
import { type DatabasePart, partSizes } from "./TableSizes.ts"
import { makeThisDevice } from "./ThisDevice.ts"

export interface HistoryDbService {
  /** Runs the writes of an effect as one transaction that takes the write lock at once; nested calls join the outer one. */
  readonly transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbError, R>
  /** Runs an effect in a transaction that is rolled back whatever comes of it: what would have been, exactly. */
  readonly rehearse: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DbError, R>
  readonly history: HistoryQueries
  readonly device: ThisDevice
  readonly log: OwnLog
  readonly peers: PeerLogs
  readonly documents: Documents
  /** Bytes of the database file by what they hold. */
  readonly sizes: Effect.Effect<ReadonlyMap<DatabasePart, number>, DbError>
}

export interface ThisDevice {
  /** Made at random when the database is created; another one after a fork. */
  readonly id: Effect.Effect<DeviceId, DbError>
  /** Empty until somebody gives one. */
  readonly label: Effect.Effect<string, DbError>
  readonly rename: (label: string) => Effect.Effect<void, DbError>
}

/** What absorbing operations or entries did to the history. */
export interface Absorbed {
  /** Entries that were not there. */
  readonly added: number
  /** Entries that were there and now know more. */
  readonly merged: number
  /** Entries that were there, and stay as they are. */
  readonly known: number
  /** Entries refused because a rule covers them. */
  readonly refused: number
  /** Entries that were there and that a rule has now removed. */
  readonly removed: number
}

/** This device's own log: what it has to tell the others, in order. Numbers start at 1 and have no gaps. */
export interface OwnLog {
  /** The number of the last operation; 0 for an empty log. */
  readonly end: Effect.Effect<number, DbError>
  /** Takes in entries captured or imported here; those that tell something new become `add` operations. Atomic. */
  readonly record: (entries: ReadonlyArray<Entry>) => Effect.Effect<Absorbed, DbError>
  /** Tells how an entry recorded earlier ended. */
  readonly finish: (id: EntryId, exit: number | null, duration: number | null) => Effect.Effect<void, DbError>
  /** Applies a rule here and appends it to the log. Operations of this log whose entry it covers become `purged`. */
  readonly forget: (rule: ForgetRule) => Effect.Effect<Absorbed, DbError>
  /** The same with several rules, in one transaction: much faster than one by one. `each` hears of every rule that is done. */
  readonly forgetAll: (
    rules: ReadonlyArray<ForgetRule>,
    each?: (absorbed: Absorbed) => Effect.Effect<void>
  ) => Effect.Effect<Absorbed, DbError>
  /** At most `limit` operations from number `first` on, in order; bodies as they are now, merged with what other devices know. */
  readonly read: (first: number, limit: number) => Effect.Effect<ReadonlyArray<Operation>, DbError>
  readonly identities: (first: number, last: number) => Effect.Effect<ReadonlyArray<OperationIdentity>, DbError>
  /** What operations `first` to `last` speak of, counted as people count. */
  readonly content: (first: number, last: number) => Effect.Effect<LogContent, DbError>
  /** R(n), see LogChain.ts. */
  readonly chainAt: (n: number) => Effect.Effect<ChainHash, DbError>
  /** Numbers of the operations purged since they were last confirmed gone from the store, ascending. They outlive a reset. */
  readonly purged: Effect.Effect<ReadonlyArray<number>, DbError>
  readonly confirmPurged: (numbers: ReadonlyArray<number>) => Effect.Effect<void, DbError>
  /** Numbers of all purged operations, confirmed or not, ascending. */
  readonly everPurged: Effect.Effect<ReadonlyArray<number>, DbError>
  /** Purged operations that the store turns out to hold after all: they count as not confirmed again. */
  readonly doubtPurged: (numbers: ReadonlyArray<number>) => Effect.Effect<void, DbError>
  /**
   * Appends what only other devices' logs hold: an `add` for each (entry, capturing device) that no operation of this log adds, and one
   * `forget` with every rule known. For a move to an empty store, so that nothing lives only in the old one. Gives the number of operations.
   */
  readonly adoptForeign: Effect.Effect<number, DbError>
  /** The same without the entries that one of these devices captured: their own logs tell of them. */
  readonly adoptAbsent: (present: ReadonlySet<DeviceId>) => Effect.Effect<number, DbError>
  /** Notes what another device's log says, once it has been applied, for `adoptGathered`; until then, or until this connection ends. */
  readonly gather: (operations: ReadonlyArray<Operation>) => Effect.Effect<void, DbError>
  /**
   * Appends what was gathered and no operation of this log says: entries under the devices that captured them, how entries ended, and what is
   * forgotten. Operations after number `published` tell of entries as they are now. Gives the number of operations.
   */
  readonly adoptGathered: (published: number) => Effect.Effect<number, DbError>
  /**
   * This installation turned out to be a clone: it continues under a new id. Operations after `common` that the other log lacks become
   * operations 1.. of the new log, each `add` naming the device that captured it; the old log becomes a peer's, applied up to `common`.
   */
  readonly fork: (options: ForkOptions) => Effect.Effect<{ readonly moved: number }, DbError>
}

/** An entry counts once, however many operations speak of it; what is purged speaks of nothing. */
export interface LogContent {
  readonly entries: number
  /** Rules of what is forgotten. */
  readonly rules: number
}

export interface ForkOptions {
  readonly newId: DeviceId
  /** The last operation that both logs have. */
  readonly common: number
  /** Numbers of our operations after it of which the other log says all that they say. */
  readonly known: ReadonlySet<number>
}

/** Consecutive operation numbers, both ends included. */
export interface OperationRange {
  readonly first: number
  readonly last: number
}

/** Other devices' logs: what has been applied of each, and what sync remembers of its manifest (JSON of sync's own shape). */
export interface PeerLogs {
  readonly all: Effect.Effect<ReadonlyArray<{ readonly log: DeviceId; readonly state: string }>, DbError>
  readonly get: (log: DeviceId) => Effect.Effect<Option.Option<string>, DbError>
  readonly put: (log: DeviceId, state: string) => Effect.Effect<void, DbError>
  /** What has been applied, as disjoint ranges in ascending order, adjacent ones joined. */
  readonly ranges: (log: DeviceId) => Effect.Effect<ReadonlyArray<OperationRange>, DbError>
  /** Applies operations `first`.. of a log and marks them applied, in one transaction. Applying again changes nothing. */
  readonly apply: (
    log: DeviceId,
    first: number,
    operations: ReadonlyArray<Operation>
  ) => Effect.Effect<Absorbed, DbError>
  /** Forgets cursor and state of one log, so that it is read again from 1. */
  readonly restart: (log: DeviceId) => Effect.Effect<void, DbError>
  /** The same for all logs. */
  readonly restartAll: Effect.Effect<void, DbError>
}

/** Small JSON documents of the layers above (the store's binding, the publication state), in the same transactions as everything else. */
export interface Documents {
  readonly get: (key: string) => Effect.Effect<Option.Option<string>, DbError>
  readonly put: (key: string, json: string) => Effect.Effect<void, DbError>
  readonly remove: (key: string) => Effect.Effect<void, DbError>
}

export class HistoryDb extends Context.Tag("hx/HistoryDb")<HistoryDb, HistoryDbService>() {
  /** The database in this file; where there is none, it is created with a new device id. */
  static readonly layer = (path: string): Layer.Layer<HistoryDb, DbError, Entropy> =>
    Layer.scoped(HistoryDb, Effect.map(openFile(path), makeHistoryDb))

  /** A database of its own for each time the layer is built. */
  static readonly layerMemory: Layer.Layer<HistoryDb, DbError, Entropy> = Layer.scoped(
    HistoryDb,
    Effect.map(openMemory, makeHistoryDb)
  )
}

/** The service over an open connection; simulations put themselves in between. */
export function makeHistoryDb(connection: Connection): HistoryDbService {
  return {
    transaction: connection.transaction,
    rehearse: connection.rehearse,
    history: makeQueries(connection),
    device: makeThisDevice(connection),
    log: makeOwnLog(connection),
    peers: makePeerLogs(connection),
    documents: makeDocuments(connection),
    sizes: Effect.mapError(partSizes(connection), dbError(connection.path))
  }
}
