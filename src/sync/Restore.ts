/**
 * Asking the store to bring archived objects back: what a pull has found archived, and what it would find next. Of a device whose manifest is
 * archived, and of which nothing is known here, the archived segments are asked for along with it, so that there is one wait and not two.
 *
 * Asking is idempotent; what was asked for is remembered for messages only.
 */

import { Chunk, Effect, Either, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { type ArchiveClass, archiveClassOf, archivedAmong } from "../store/ArchiveClass.ts"
import { AssumedCapabilities, type ObjectStoreService, type Restoration } from "../store/ObjectStore.ts"
import type { StoreError } from "../store/StoreError.ts"
import { Stores } from "../store/Stores.ts"
import type { StoreUrl } from "../store/StoreUrl.ts"
import { MANIFESTS, parseManifestName, segmentName, SEGMENTS, segmentsOf, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { StoredCredentials } from "./StoredCredentials.ts"
import { nowMicros } from "./SyncClock.ts"
import type { Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"

export interface RestoreReport {
  /** Objects asked for now, those on their way since an earlier request, and those that can be read by now. */
  readonly started: number
  readonly underWay: number
  readonly readable: number
  /** Sealed bytes of the first two. */
  readonly bytes: number
  /** Why not all could be asked for; asking again goes on. */
  readonly failure: Option.Option<StoreError>
}

/** Asks for the archived objects among a pull's problems, and for what they hide. */
export const restoreArchived = Effect.fn("Restore.archived")(function* (problems: ReadonlyArray<Problem>) {
  const { store } = yield* VaultSession
  const found = problems.flatMap((problem): ReadonlyArray<Wanted> =>
    problem.kind === "archived"
      ? [{ name: problem.name, from: problem.archived?.archive ?? "GLACIER", bytes: problem.archived?.bytes ?? 0 }]
      : []
  )
  const hidden = yield* Effect.forEach(found, (wanted) => hiddenBehind(store, wanted.name))
  return yield* ask(store, [...found, ...hidden.flat()])
})

/** Asks for vault.json, found archived as `from`, and for all of the vault that is: a device that knows nothing yet will need it. */
const restoreVault = Effect.fn("Restore.vault")(function* (store: ObjectStoreService, from: ArchiveClass) {
  const below = yield* Effect.forEach([MANIFESTS, SEGMENTS], (prefix) => archivedBelow(store, prefix))
  return yield* ask(store, [{ name: VAULT_DESCRIPTOR, from, bytes: 0 }, ...below.flat()])
})

/** The same for a device that could not join, since vault.json is archived. */
export const restoreToJoin = Effect.fn("Restore.toJoin")(function* (url: StoreUrl, archived: StoreError) {
  const stores = yield* Stores
  const kept = yield* StoredCredentials
  // As init does: where the bucket has to be asked for its region, the kept keys ask.
  const credentials = Option.isSome(url.credentials) ? url.credentials : yield* kept.load(url.location)
  const location = yield* stores.settle(url.location, credentials)
  return yield* Effect.scoped(
    Effect.flatMap(stores.open(location, credentials, AssumedCapabilities), (store) =>
      restoreVault(store, archived.archive ?? "GLACIER")
    )
  )
})

/** When this device asked for an object, as long as that matters. */
export const askedLately = Effect.gen(function* () {
  const asked = Option.getOrNull(yield* SyncState.restores.get)
  const lately = asked !== null && (yield* nowMicros) - asked.at < REMEMBERED ? asked : null
  const names = new Set(lately?.names)
  return (name: string): number | null => (lately !== null && names.has(name) ? lately.at : null)
})

/** Longer than any restore takes, and shorter than its copy stays. */
const REMEMBERED = 3 * 24 * 3600 * 1_000_000

interface Wanted {
  readonly name: string
  readonly from: ArchiveClass
  readonly bytes: number
}

/** Of a log that is known its new segments are few, and its manifest tells which: only those found archived before are asked for along with it. */
const hiddenBehind = Effect.fnUntraced(function* (store: ObjectStoreService, name: string) {
  const db = yield* HistoryDb
  const manifest = parseManifestName(name)
  if (manifest === null || manifest.log === (yield* db.device.id)) return []
  const known = (yield* db.peers.ranges(manifest.log)).length > 0
  const met = (yield* SyncState.allPeers).get(manifest.log)?.archived?.ids ?? []
  if (known && met.length === 0) return []
  const names = new Set(met.map((id) => segmentName(manifest.device, id)))
  const archived = yield* archivedBelow(store, segmentsOf(manifest.device))
  return known ? archived.filter((each) => names.has(each.name)) : archived
})

const archivedBelow = (store: ObjectStoreService, prefix: string): Effect.Effect<ReadonlyArray<Wanted>, StoreError> =>
  Effect.map(Stream.runCollect(store.list(prefix)), (listed) =>
    archivedAmong(Chunk.toReadonlyArray(listed)).map(({ name, size, storageClass }) => ({
      name,
      from: archiveClassOf(storageClass) ?? "GLACIER",
      bytes: size
    }))
  )

const ask = Effect.fnUntraced(function* (store: ObjectStoreService, all: ReadonlyArray<Wanted>) {
  const { concurrentDownloads } = yield* SyncTuning
  const wanted = [...new Map(all.map((each) => [each.name, each])).values()]
  let refused = false
  // Who may not ask for one may not ask for any.
  const unlessRefused = (each: Wanted) =>
    Effect.suspend(() => (refused ? Effect.succeed(null) : askFor(store, each))).pipe(
      Effect.tapError(() => Effect.sync(() => void (refused = true))),
      Effect.either
    )
  const answers = yield* Effect.forEach(wanted, unlessRefused, { concurrency: concurrentDownloads })
  const given = answers.flatMap((answer, index) => {
    const each = wanted[index]
    return Either.isRight(answer) && answer.right !== null && each !== undefined ? [{ ...each, is: answer.right }] : []
  })
  const waiting = given.filter(({ is }) => is !== "Readable")
  const count = (is: Restoration) => given.filter((each) => each.is === is).length
  return {
    names: waiting.map(({ name }) => name),
    started: count("Started"),
    underWay: count("UnderWay"),
    readable: count("Readable"),
    bytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
    failure: Option.fromNullable(answers.find(Either.isLeft)?.left)
  } satisfies RestoreReport & { readonly names: ReadonlyArray<string> }
})

/** Null where the object has gone: its owner has rewritten it. */
const askFor = (store: ObjectStoreService, { from, name }: Wanted): Effect.Effect<Restoration | null, StoreError> =>
  store.restore(name, from).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(null)
    )
  )

/** What was asked for, beside what had been before. */
export const rememberAsked = Effect.fn("Restore.remember")(function* (names: ReadonlyArray<string>) {
  if (names.length === 0) return
  const before = Option.getOrNull(yield* SyncState.restores.get)
  const at = yield* nowMicros
  const earlier = before !== null && at - before.at < REMEMBERED ? before.names : []
  yield* SyncState.restores.put({ at, names: [...new Set([...earlier, ...names])] })
})
