/** Several devices in one process, over one store in memory: each with its own database, keys and request log. */

import { Effect, Layer, Option, Redacted, type Scope } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { importedId, liveId } from "../../src/domain/EntryId.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { pathsAt, Paths } from "../../src/platform/Paths.ts"
import { Progress } from "../../src/platform/Progress.ts"
import { type Conditions, makeMemoryBucket, type MemoryBucket } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { RequestLog, type RequestOperation } from "../../src/store/RequestLog.ts"
import { type MemoryRegistry, Stores } from "../../src/store/Stores.ts"
import { folderLocation, formatLocation } from "../../src/store/StoreUrl.ts"
import { DeviceLock } from "../../src/sync/DeviceLock.ts"
import { init, type InitOptions } from "../../src/sync/Init.ts"
import { AskForKey } from "../../src/sync/JoinKey.ts"
import { StoredCredentials } from "../../src/sync/StoredCredentials.ts"
import { runPull, runPush } from "../../src/sync/Sync.ts"
import { DEFAULT_TUNING, SyncTuning, type SyncTuningService } from "../../src/sync/SyncTuning.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
import { VaultSession } from "../../src/sync/VaultSession.ts"

export interface World {
  readonly registry: MemoryRegistry
  readonly bucket: MemoryBucket
  /** Stands between the bucket and every device; tests may change it at any time. */
  readonly faults: { wrap: (store: ObjectStoreService) => ObjectStoreService }
}

const STORE = "/store"

export const makeWorld = (conditions?: Conditions): World => {
  const bucket = makeMemoryBucket(conditions)
  return {
    bucket,
    registry: new Map([[formatLocation(folderLocation(STORE)), bucket]]),
    faults: { wrap: (store) => store }
  }
}

type DeviceServices = Layer.Layer.Success<ReturnType<typeof deviceLayer>>

export interface TestDevice {
  readonly world: World
  /** Runs an effect as this device. */
  readonly as: <A, E>(effect: Effect.Effect<A, E, DeviceServices | Scope.Scope>) => Effect.Effect<A, E>
  readonly id: Effect.Effect<DeviceId>
}

export const makeDevice = (world: World, seed: string, tuning: Partial<SyncTuningService> = {}) =>
  makeFrom(world, deviceLayer(world, seed, tuning, inMemory(seed)))

/** A device whose data directory is a real one, so that it can be copied as `cp -a` does. The seed decides its randomness, not its id. */
export const makeInstallation = (world: World, seed: string, data: string, tuning: Partial<SyncTuningService> = {}) =>
  makeFrom(world, deviceLayer(world, seed, tuning, onDisk(seed, data)))

const makeFrom = (world: World, layer: ReturnType<typeof deviceLayer>) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(layer)
    const as: TestDevice["as"] = (effect) => Effect.scoped(Effect.provide(effect, context))
    return {
      world,
      as,
      id: Effect.orDie(as(Effect.flatMap(HistoryDb, (db) => db.device.id)))
    } satisfies TestDevice as TestDevice
  })

const pathsIn = (data: string) => pathsAt({ data, config: "/config", home: "/", workingDirectory: "/" })

const inMemory = (seed: string) =>
  Layer.mergeAll(
    Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded(seed)),
    VaultKeys.layerMemory,
    Layer.succeed(Paths, pathsIn("/data"))
  )

const onDisk = (seed: string, data: string) =>
  Layer.provideMerge(
    Layer.merge(
      Layer.provide(HistoryDb.layer(pathsIn(data).database), Entropy.layerSeeded(`${seed} is born`)),
      VaultKeys.layer
    ),
    Layer.succeed(Paths, pathsIn(data))
  )

const deviceLayer = (
  world: World,
  seed: string,
  tuning: Partial<SyncTuningService>,
  data: ReturnType<typeof inMemory> | ReturnType<typeof onDisk>
) => {
  const log = RequestLog.layer
  const stores = Stores.layerMemory({
    registry: world.registry,
    wrap: (store) => wrapLate(store, (inner) => world.faults.wrap(inner))
  })
  const entropy = Entropy.layerSeeded(seed)
  return Layer.mergeAll(
    data,
    Layer.provideMerge(stores, log),
    entropy,
    StoredCredentials.layerNone,
    DeviceLock.layerNone,
    AskForKey.nobody,
    Progress.layerSilent,
    Layer.succeed(SyncTuning, { ...DEFAULT_TUNING, ...tuning })
  )
}

/** Asks for the wrapper at each call, so that faults can begin and end while a store is open. */
const wrapLate = (
  store: ObjectStoreService,
  wrap: (store: ObjectStoreService) => ObjectStoreService
): ObjectStoreService => ({
  display: store.display,
  capabilities: store.capabilities,
  list: (prefix) => wrap(store).list(prefix),
  get: (name, maxBytes) => wrap(store).get(name, maxBytes),
  put: (name, bytes, options) => wrap(store).put(name, bytes, options),
  delete: (name) => wrap(store).delete(name),
  abortMultipart: (name, uploadId) => wrap(store).abortMultipart(name, uploadId),
  restore: (name, from) => wrap(store).restore(name, from),
  purge: (prefix) => wrap(store).purge?.(prefix) ?? Effect.succeed({ deleted: 0, left: 0 }),
  uploads: (prefix) => wrap(store).uploads?.(prefix) ?? Effect.succeed([])
})

export const initDevice = (device: TestDevice, options: Partial<InitOptions> & { readonly key?: string } = {}) =>
  device.as(
    init({
      url: { location: folderLocation(STORE), credentials: Option.none() },
      secrets: {
        key: Option.map(Option.fromNullable(options.key), (key) => ({ source: "the test", text: Redacted.make(key) })),
        passphrase: Option.none()
      },
      noEncrypt: false,
      device: Option.none(),
      ...options
    })
  )

/** The same at another store. */
export const storeAt = (world: World, path: string) => {
  const location = folderLocation(path)
  if (!world.registry.has(formatLocation(location))) world.registry.set(formatLocation(location), makeMemoryBucket())
  return { url: { location, credentials: Option.none() }, bucket: world.registry.get(formatLocation(location))! }
}

/** A vault founded by the first device and joined by the others. */
export const joinAll = (first: TestDevice, ...others: ReadonlyArray<TestDevice>) =>
  Effect.gen(function* () {
    const founded = yield* initDevice(first)
    const key = Option.getOrThrow(founded.recoveryKey)
    for (const other of others) yield* initDevice(other, { key })
    return key
  })

export const push = (device: TestDevice, force = false) =>
  device.as(Effect.provide(runPush({ force }), VaultSession.layer))

export const pull = (device: TestDevice, force = false) =>
  device.as(Effect.provide(runPull({ force }), VaultSession.layer))

export const record = (device: TestDevice, ...entries: ReadonlyArray<Entry>) =>
  device.as(Effect.flatMap(HistoryDb, (db) => db.log.record(entries)))

/** A live entry of this device. */
export const live = (device: TestDevice, command: string, counter: number, fields: Partial<Entry> = {}) =>
  Effect.map(device.id, (id): Entry => {
    const start = 1_700_000_000_000_000 + counter * 1_000_000 + 123
    const session = fields.session ?? `session of ${id}`
    return {
      ...UNKNOWN,
      id: liveId(session, counter, start, command),
      start,
      duration: 42_000,
      exit: 0,
      command,
      session,
      host: "host",
      origin: "live",
      device: id,
      ordinal: counter,
      ...fields
    }
  })

/** An imported entry. */
export const imported = (device: TestDevice, command: string, second: number) =>
  Effect.map(device.id, (id): Entry => ({
    ...UNKNOWN,
    id: importedId(second * 1_000_000, command, 0),
    start: second * 1_000_000,
    command,
    host: "host",
    origin: "import:zsh",
    device: id,
    ordinal: 0
  }))

const UNKNOWN = { duration: null, exit: null, cwd: null, session: null, host: null, user: null, shell: null }

/** Runs an effect and gives the requests that it made of the store. */
export const requestsOf = <A, E>(device: TestDevice, effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const log = yield* device.as(Effect.map(RequestLog, (each) => each))
    yield* log.clear
    yield* effect
    return (yield* log.records).map((request): RequestOperation => request.operation)
  })
