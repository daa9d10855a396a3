/**
 * A simulated machine: what is on its disk (a database, keys), its clock, and hx's own code over both. The database is SQLite itself, in memory, so
 * that a whole disk is copied in microseconds.
 */

import { Context, Duration, Effect, Exit, FiberRef, Layer, Option, Scope } from "effect"
import type { Connection } from "../../src/db/Connection.ts"
import { HistoryDb, type HistoryDbService, makeHistoryDb } from "../../src/db/HistoryDb.ts"
import { imageOf, openMemory } from "../../src/db/Open.ts"
import { setDeviceId } from "../../src/db/ThisDevice.ts"
import { DeviceId } from "../../src/domain/Device.ts"
import { type Keyring, plainKeyring } from "../../src/format/Keyring.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { type LockError } from "../../src/platform/FileLock.ts"
import { pathsAt, Paths } from "../../src/platform/Paths.ts"
import { Progress } from "../../src/platform/Progress.ts"
import { RequestLog } from "../../src/store/RequestLog.ts"
import { retryPolicy } from "../../src/store/StorePolicy.ts"
import { Stores } from "../../src/store/Stores.ts"
import { folderLocation, formatLocation } from "../../src/store/StoreUrl.ts"
import { DeviceLock } from "../../src/sync/DeviceLock.ts"
import { AskForKey } from "../../src/sync/JoinKey.ts"
import { StoredCredentials } from "../../src/sync/StoredCredentials.ts"
import { KeyNeeded } from "../../src/sync/SyncError.ts"
import { DEFAULT_TUNING, SyncTuning } from "../../src/sync/SyncTuning.ts"
import { type EpochKey, recoveryKeyOf, VaultKeys, type VaultKeysService } from "../../src/sync/VaultKeys.ts"
import { atStore } from "./FaultyStore.ts"
import { openCopy } from "./Sqlite.ts"
import { pass, type World } from "./World.ts"

export const STORE = folderLocation("/store")

/** All of a machine that a copy of its data directory takes along. */
export interface Image {
  readonly database: Uint8Array
  readonly keys: ReadonlyMap<string, Keyring>
  readonly next: ReadonlyMap<string, EpochKey>
}

export type Services =
  | HistoryDb
  | VaultKeys
  | Paths
  | Stores
  | RequestLog
  | Entropy
  | StoredCredentials
  | DeviceLock
  | AskForKey
  | Progress
  | SyncTuning

interface Disk {
  readonly close: Effect.Effect<void>
  readonly connection: Connection
  readonly image: () => Uint8Array
  readonly db: HistoryDbService
  readonly keys: Map<string, Keyring>
  readonly next: Map<string, EpochKey>
  readonly context: Context.Context<Services>
}

export interface Machine {
  readonly name: string
  readonly world: World
  /** Of the shell that runs here; another one once a disk was put back. */
  session: string
  disk: Disk
  /** Milliseconds. */
  clockWrongBy: number
  backup: Image | null
  /** The device that it was when last seen. */
  id: string | null
  /** The entries that it was last seen to have. */
  known: ReadonlySet<string>
  /** Highest sequence seen of each log, as last seen. */
  seen: ReadonlyMap<string, number>
  /** Commands of sync that are under way or wait for the lock. */
  busy: number
  /** Whether one of them was forced; what they did together is looked at when the last one has ended. */
  forced: boolean
}

/** A machine that has just been bought, or whose disk is a copy of another's. */
export const makeMachine = (world: World, name: string, image: Image | null): Effect.Effect<Machine> =>
  Effect.gen(function* () {
    const machine: Omit<Machine, "disk"> & { disk?: Disk } = {
      name,
      world,
      session: `${name} ${world.trace.length}`,
      clockWrongBy: 0,
      backup: null,
      id: null,
      known: new Set(),
      seen: new Map(),
      busy: 0,
      forced: false
    }
    machine.disk = yield* openDisk(world, name, image)
    return machine as Machine
  })

/** Puts another disk in, as restoring a backup does. */
export const replaceDisk = (machine: Machine, image: Image): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* machine.disk.close
    machine.disk = yield* openDisk(machine.world, machine.name, image)
    machine.session = `${machine.name} ${machine.world.trace.length}`
    machine.id = null
    machine.known = new Set()
    machine.seen = new Map()
  })

export const takeImage = (machine: Machine): Effect.Effect<Image> =>
  Effect.sync(() => ({
    database: machine.disk.image(),
    keys: new Map(machine.disk.keys),
    next: new Map(machine.disk.next)
  }))

/** Runs an effect of hx's on this machine, by its clock. */
export const on = <A, E>(machine: Machine, effect: Effect.Effect<A, E, Services | Scope.Scope>): Effect.Effect<A, E> =>
  Effect.scoped(Effect.provide(effect, machine.disk.context)).pipe(
    Effect.withClock(machine.world.turnstile.clock(() => machine.clockWrongBy))
  )

/** A database as hx makes it, once: every new machine gets a copy, with an id of its own. */
let empty: Uint8Array | undefined

const emptyImage = Effect.gen(function* () {
  empty ??= yield* Effect.scoped(Effect.flatMap(Effect.provide(openMemory, Entropy.layerSeeded("empty")), imageOf))
  return empty
})

const openDisk = (world: World, name: string, image: Image | null): Effect.Effect<Disk> =>
  Effect.gen(function* () {
    // Two machines never draw the same numbers, nor does one twice, whatever is copied or put back.
    const entropy = yield* Layer.build(Entropy.layerSeeded(`${world.seed} ${name} ${world.trace.length}`))
    const opened = yield* openCopy(image?.database ?? (yield* emptyImage))
    if (image === null) {
      yield* setDeviceId(opened.connection, DeviceId(yield* Effect.provide(Entropy.hex(16), entropy)))
    }
    const connection = atTurnstile(world, opened.connection)
    const db = makeHistoryDb(connection)
    const keys = new Map(image?.keys)
    const next = new Map(image?.next)
    const semaphore = Effect.unsafeMakeSemaphore(1)
    const context = yield* shared(world).pipe(
      Effect.map(Context.merge(entropy)),
      Effect.map(Context.add(DeviceLock, { hold: lockOf(semaphore) })),
      Effect.map(Context.add(HistoryDb, db)),
      Effect.map(Context.add(VaultKeys, keysOn(world, keys, next)))
    )
    return { image: opened.image, connection, db, keys, next, context }
  }).pipe(Effect.orDie, (opened) =>
    Effect.flatMap(Scope.make(), (scope) =>
      Effect.map(Scope.extend(opened, scope), (disk) => ({ ...disk, close: Scope.close(scope, Exit.void) }))
    )
  )

/** What all machines of a world have in common is made once. */
const shared = (world: World) =>
  Effect.gen(function* () {
    const made = services.get(world) ?? (yield* Layer.build(layers(world)))
    services.set(world, made)
    return made
  })

const services = new WeakMap<World, Context.Context<Layer.Layer.Success<ReturnType<typeof layers>>>>()

const layers = (world: World) => {
  const { retries, tuning } = world.circumstances
  const policy = {
    timeout: Duration.seconds(30),
    connectTimeout: Duration.seconds(10),
    uploads: 2,
    downloads: 2,
    partSize: DEFAULT_TUNING.partSize,
    retry: retryPolicy({ retries, delay: Duration.seconds(1), maxDelay: Duration.seconds(20) })
  }
  const stores = Stores.layerMemory({
    registry: new Map([[formatLocation(STORE), world.bucket]]),
    wrap: (store) => atStore(world, store),
    ...(retries === 0 ? {} : { policy })
  })
  return Layer.mergeAll(
    Layer.provideMerge(stores, RequestLog.layer),
    StoredCredentials.layerNone,
    AskForKey.nobody,
    Progress.layerSilent,
    Layer.succeed(Paths, pathsAt({ data: "/data", config: "/config", home: "/", workingDirectory: "/" })),
    Layer.succeed(SyncTuning, {
      ...DEFAULT_TUNING,
      ...tuning,
      compression: false,
      concurrentUploads: 2,
      concurrentDownloads: 2
    })
  )
}

/** Held by one process at a time, and by none that is dead. */
const lockOf = (semaphore: Effect.Semaphore): Effect.Effect<void, LockError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.zipRight(
      restore(semaphore.take(1)),
      Effect.addFinalizer(() => semaphore.release(1))
    )
  )

/** Transactions wait for their turn, begin to end; what is read does not, since others' machines cannot notice it. */
const atTurnstile = (world: World, connection: Connection): Connection => ({
  ...connection,
  transaction: (effect) =>
    Effect.flatMap(FiberRef.get(InTransaction), (nested) =>
      nested
        ? connection.transaction(effect)
        : pass(world, "transaction", "begins a transaction").pipe(
            Effect.zipRight(connection.transaction(Effect.locally(effect, InTransaction, true))),
            Effect.zipLeft(pass(world, "transaction", "has committed"))
          )
    )
})

const InTransaction = FiberRef.unsafeMake(false)

/** As VaultKeys.layer keeps them in files, each written whole or not at all. */
const keysOn = (world: World, kept: Map<string, Keyring>, next: Map<string, EpochKey>): VaultKeysService => {
  const write = (label: string, change: () => void) =>
    pass(world, "key file", `writes ${label}`).pipe(
      Effect.zipRight(Effect.sync(change)),
      Effect.zipLeft(pass(world, "key file", `has written ${label}`))
    )
  const load = (vaultId: string) => Effect.sync(() => Option.fromNullable(kept.get(vaultId)))
  return {
    load,
    save: (keyring) =>
      write("the key file", () => {
        kept.set(keyring.vaultId, keyring)
        if (keyring.epoch > world.vault.epoch) {
          world.vault.epoch = keyring.epoch
          world.vault.key = Option.getOrNull(recoveryKeyOf(keyring))
        }
      }),
    forget: (vaultId) => write("no key file", () => void (kept.delete(vaultId), next.delete(vaultId))),
    next: (vaultId) => Effect.sync(() => Option.fromNullable(next.get(vaultId))),
    saveNext: (vaultId, key) =>
      write("the next key", () => void (key === null ? next.delete(vaultId) : next.set(vaultId, key))),
    keyring: (vaultId, encrypted) =>
      encrypted
        ? Effect.flatMap(
            load(vaultId),
            Option.match({
              onNone: () => Effect.fail(new KeyNeeded({ store: vaultId, passphraseSet: false })),
              onSome: Effect.succeed
            })
          )
        : Effect.succeed(plainKeyring(vaultId)),
    location: (vaultId) => `keys/${vaultId}`
  }
}
