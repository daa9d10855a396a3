/**
 * Crash points, enumerated: what a command leaves on disk and in the store when it is killed at any of its operations.
 *
 * A command runs once, undisturbed, while every request to a store, every call of node:fs on the data directory and every statement that writes to the
 * database is watched. Before and after each of them all that outlives the process is copied: the files (database and write-ahead log as they
 * are at that moment, without -shm, as after a power failure), the objects, the unfinished uploads. Operations that can be cut in half add
 * a third copy. Nothing of a dying process can tidy up, since the copy is of the moment itself; and an operation that is new is watched without
 * anybody having to name it. Copies that are equal are one state, since a process has nothing else to remember anything by.
 */

import Database from "better-sqlite3"
import { Clock, Effect, Stream, TestClock } from "effect"
import { createHash } from "node:crypto"
import fs from "node:fs"
import fsp from "node:fs/promises"
import { syncBuiltinESMExports } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import {
  type Conditions,
  makeMemoryBucket,
  type MemoryBucket,
  type MemoryObject
} from "../../src/store/MemoryObjectStore.ts"
import { type ObjectStoreService, type PutOptions, UNHEARD_UPLOAD } from "../../src/store/ObjectStore.ts"
import { SEGMENTS } from "../../src/sync/ObjectNames.ts"
import { DEFAULT_TUNING, type SyncTuningService } from "../../src/sync/SyncTuning.ts"
import { makeInstallation, makeWorld, type TestDevice, type World } from "./World.ts"

/** All that outlives a process. */
export interface Durable {
  /** By path below the data directory; null: a directory. */
  readonly files: ReadonlyMap<string, Buffer | null>
  /** What a power failure would leave of them, where that is looked at. */
  readonly survives?: ReadonlyMap<string, Buffer | null>
  /** By the location of the store. */
  readonly stores: ReadonlyMap<string, ReadonlyMap<string, MemoryObject>>
  /** Multipart uploads under way: id to "store name". */
  readonly uploads: ReadonlyMap<string, string>
  /** Milliseconds. */
  readonly at: number
}

export interface Place {
  readonly device: TestDevice
  readonly world: World
  readonly uploads: Map<string, string>
}

export interface Watched {
  /** The states that a kill can leave, each with the first point that does. */
  readonly states: ReadonlyMap<string, { readonly point: string; readonly state: Durable }>
  /** Operations, and points: before, after, torn. */
  readonly operations: { readonly store: number; readonly file: number; readonly database: number }
  readonly points: number
  /** Requests by kind. */
  readonly requests: Readonly<Record<string, number>>
}

export interface Setting {
  readonly tuning?: Partial<SyncTuningService>
  readonly conditions?: Conditions
}

export const NOTHING_DURABLE: Durable = {
  files: new Map(),
  stores: new Map(),
  uploads: new Map(),
  at: 1_763_900_000_000
}

let launches = 0

/** Starts a process on what a former one left, and gives what `use` gives and what is left in the end. */
export const launch = <A, E, R>(
  from: Durable,
  setting: Setting,
  use: (place: Place) => Effect.Effect<A, E, R>,
  options: { readonly watch: boolean } = { watch: false }
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const root = yield* Effect.acquireRelease(
        Effect.sync(() => original.mkdtempSync(join(MEMORY, "hx-crash-"))),
        (path) => Effect.sync(() => original.rmSync(path, { recursive: true, force: true }))
      )
      const world = makeWorld(setting.conditions)
      const uploads = new Map(from.uploads)
      restore(from, root, world)
      const watcher = new Watcher(root, world, uploads, from.at)
      yield* TestClock.setTime(from.at)
      world.faults.wrap = (store) => watchStore(watcher, uploads, { ...DEFAULT_TUNING, ...setting.tuning })(store)
      // No two processes draw the same random numbers.
      if (options.watch) watching = watcher
      return yield* Effect.gen(function* () {
        const device = yield* makeInstallation(world, `process ${++launches}`, root, setting.tuning)
        const value = yield* use({ device, world, uploads })
        if (options.watch) watcher.look("the end")
        const at = yield* Clock.currentTimeMillis
        return { value, left: { ...watcher.durable(), at }, watched: watcher.result() }
      }).pipe(Effect.ensuring(Effect.sync(() => (watching = undefined))))
    })
  )

/** Whether the n-th file operation fails: with which error, and whether it is done all the same. */
export type Failing = (
  operation: number,
  label: string
) => { readonly code: string; readonly done: boolean } | undefined

/** Does something with files below a directory; from there on as `launch`, but watches a power failure too: see Disk. */
export const watchDirectory = <A, E, R>(
  root: string,
  use: Effect.Effect<A, E, R>,
  {
    database = false,
    fails = () => undefined,
    survives
  }: {
    /** SQLite syncs what it writes by itself, out of our sight: its files are taken as they are. */
    readonly database?: boolean
    readonly fails?: Failing
    readonly survives?: Durable["files"] | undefined
  } = {}
) =>
  Effect.gen(function* () {
    const watcher = new Watcher(
      root,
      { registry: new Map() },
      new Map(),
      0,
      database ? undefined : new Disk(root, survives)
    )
    failing = fails
    watching = watcher
    const exit = yield* Effect.exit(use).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          failing = () => undefined
          watching = undefined
        })
      )
    )
    const end = watcher.durable()
    return { exit, end, files: end.files, lost: watcher.disk?.tree() ?? end.files, watched: watcher.result() }
  })

/** A directory of one test's own, with these files in it. */
export const directoryWith = (files: Durable["files"]) =>
  Effect.tap(
    Effect.acquireRelease(
      Effect.sync(() => original.mkdtempSync(join(MEMORY, "hx-crash-"))),
      (path) => Effect.sync(() => original.rmSync(path, { recursive: true, force: true }))
    ),
    (path) => Effect.sync(() => restoreFiles(files, path))
  )

const MEMORY = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir()

const restoreFiles = (files: Durable["files"], root: string) => {
  for (const [path, bytes] of files) {
    if (bytes === null) original.mkdirSync(join(root, path), { recursive: true, mode: 0o700 })
    else {
      original.mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o700 })
      original.writeFileSync(join(root, path), bytes, { mode: 0o600 })
    }
  }
}

const restore = (from: Durable, root: string, world: World) => {
  restoreFiles(from.files, root)
  for (const [location, objects] of from.stores) {
    const bucket = world.registry.get(location) ?? makeMemoryBucket(world.bucket.conditions)
    world.registry.set(location, bucket)
    for (const [name, object] of objects) bucket.objects.set(name, object)
  }
}

const original = { ...fs }
let watching: Watcher | undefined
let failing: Failing = () => undefined

type Kind = keyof Watched["operations"]

class Watcher {
  readonly #states = new Map<string, { point: string; state: Durable }>()
  readonly #operations = { store: 0, file: 0, database: 0 }
  readonly #pieces = new Map<string, Buffer>()
  readonly #requests: Record<string, number> = {}
  #points = 0
  #busy = false
  readonly root: string
  readonly disk: Disk | undefined
  readonly #world: Pick<World, "registry">
  readonly #uploads: ReadonlyMap<string, string>
  readonly #at: number

  constructor(
    root: string,
    world: Pick<World, "registry">,
    uploads: ReadonlyMap<string, string>,
    at: number,
    disk?: Disk
  ) {
    this.disk = disk
    this.root = root
    this.#world = world
    this.#uploads = uploads
    this.#at = at
  }

  bucketOf(location: string): MemoryBucket | undefined {
    return this.#world.registry.get(location)
  }

  /** Counts an operation and looks at what is there before it. */
  begin(kind: Kind, label: string): Durable | undefined {
    if (this.#busy || watching !== this) return undefined
    this.#operations[kind]++
    const [of = "", request = ""] = label.split(" ")
    if (of === "store:") this.#requests[request] = 1 + (this.#requests[request] ?? 0)
    return this.look(`before ${label}`)
  }

  /** And after it; `torn` gives what half of it would have left. */
  end(before: Durable | undefined, label: string, torn?: (before: Durable, after: Durable) => Durable | undefined) {
    if (before === undefined || watching !== this) return
    const after = this.look(`after ${label}`)
    const half = torn?.(before, after)
    if (half !== undefined) this.add(`in the middle of ${label}`, half)
    if (this.disk === undefined) return
    const { survives: _, ...rest } = after
    this.add(`power failure after ${label}`, { ...rest, files: this.disk.tree() })
  }

  /** How many operations on files there were; undefined while the watcher itself reads them. */
  get files(): number | undefined {
    return this.#busy ? undefined : this.#operations.file
  }

  synced(path: string) {
    this.#busy = true
    this.disk?.sync(path)
    this.#busy = false
  }

  look(point: string): Durable {
    const state = this.durable()
    this.add(point, state)
    return state
  }

  add(point: string, state: Durable) {
    this.#points++
    const key = keyOf(state)
    if (!this.#states.has(key)) this.#states.set(key, { point, state })
  }

  durable(): Durable {
    this.#busy = true
    try {
      const files = new Map<string, Buffer | null>()
      for (const path of walk(this.root)) files.set(relative(this.root, path), this.#read(path))
      const stores = new Map([...this.#world.registry].map(([at, { objects }]) => [at, new Map(objects)] as const))
      const survives = this.disk?.synced()
      return { files, ...(survives && { survives }), stores, uploads: new Map(this.#uploads), at: this.#at }
    } finally {
      this.#busy = false
    }
  }

  result(): Watched {
    return { states: this.#states, operations: this.#operations, points: this.#points, requests: this.#requests }
  }

  /** The same bytes are kept once. */
  #read(path: string): Buffer | null {
    if (path.endsWith("/")) return null
    const bytes = original.readFileSync(path)
    const key = digest(bytes)
    const known = this.#pieces.get(key)
    if (known !== undefined) return known
    this.#pieces.set(key, bytes)
    digests.set(bytes, key)
    return bytes
  }
}

/**
 * What is certainly on the disk: of a file what it held when it was last synced, nothing where it never was; of a directory the names that it had when
 * it was last synced. A file system may keep more than that, and need not. (SQLite's own files are not looked at: it syncs by itself.)
 */
class Disk {
  readonly #contents = new Map<number, Buffer>()
  readonly #names = new Map<number, ReadonlyMap<string, { readonly inode: number; readonly directory: boolean }>>()
  readonly #root: string

  /** `survives`: where not all that is there is on the disk. */
  constructor(root: string, survives?: Durable["files"]) {
    this.#root = root
    for (const path of [`${root}/`, ...walk(root)]) {
      this.sync(path)
      if (survives !== undefined) this.#lose(path, survives)
    }
  }

  #lose(path: string, survives: Durable["files"]) {
    const below = relative(this.#root, path)
    const { ino } = original.statSync(path)
    const names = this.#names.get(ino)
    const kept = survives.get(below) ?? survives.get(`${UNNAMED}${below}`)
    if (names !== undefined)
      this.#names.set(ino, new Map([...names].filter(([name]) => survives.has(join(below, name)))))
    else if (kept instanceof Buffer) this.#contents.set(ino, kept)
    else this.#contents.delete(ino)
  }

  sync(path: string) {
    const stats = original.statSync(path)
    if (!stats.isDirectory()) {
      this.#contents.set(stats.ino, original.readFileSync(path))
      return
    }
    const inside = original.readdirSync(path, { withFileTypes: true }).map((entry) => {
      const { ino } = original.statSync(join(path, entry.name))
      return [entry.name, { inode: ino, directory: entry.isDirectory() }] as const
    })
    this.#names.set(stats.ino, new Map(inside))
  }

  /** The same, and what is synced of files whose names are not. */
  synced(): Durable["files"] {
    const files = new Map(this.tree())
    for (const path of walk(this.#root)) {
      if (path.endsWith("/")) continue
      const below = relative(this.#root, path)
      const content = this.#contents.get(original.statSync(path).ino)
      if (!files.has(below) && content !== undefined) files.set(`${UNNAMED}${below}`, content)
    }
    return files
  }

  /** Paths as those of Durable. */
  tree(): Durable["files"] {
    const files = new Map<string, Buffer | null>()
    const visit = (inode: number, below: string) => {
      for (const [name, { directory, inode: inner }] of this.#names.get(inode) ?? []) {
        const path = join(below, name)
        if (!directory) files.set(path, this.#contents.get(inner) ?? Buffer.alloc(0))
        else {
          files.set(path, null)
          visit(inner, path)
        }
      }
    }
    visit(original.statSync(this.#root).ino, "")
    return files
  }
}

const UNNAMED = "unnamed "

const digests = new WeakMap<Buffer, string>()
const digest = (bytes: Buffer) => digests.get(bytes) ?? createHash("sha1").update(bytes).digest("base64")

const keyOf = ({ files: there, stores, survives = new Map(), uploads }: Durable): string => {
  const files = [...[...there].sort(byName), ...[...survives].sort(byName)]
  const hash = createHash("sha1")
  for (const [path, bytes] of files) hash.update(`${path} ${bytes === null ? "/" : digest(bytes)}\n`)
  for (const [location, objects] of [...stores].sort(byName)) {
    hash.update(`${location}\n`)
    for (const [name, { etag }] of [...objects].sort(byName)) hash.update(`${name} ${etag}\n`)
  }
  for (const [id] of [...uploads].sort(byName)) hash.update(`${id}\n`)
  return hash.digest("base64")
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0)

/** Files, and directories with a slash at their end. SQLite makes -shm anew whenever it opens a database that nobody has open. */
const walk = (directory: string): ReadonlyArray<string> =>
  original.readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return [`${path}/`, ...walk(path)]
    return entry.name.endsWith("-shm") ? [] : [path]
  })

/** Half of what an operation changed in a file: its new bytes up to the middle of what is different, and its old ones after that. */
const halfOf = (before: Buffer, after: Buffer): Buffer => {
  let first = 0
  while (first < before.length && before[first] === after[first]) first++
  const middle = first + ((after.length - first) >> 1)
  return Buffer.concat([after.subarray(0, middle), before.subarray(middle)])
}

/**
 * A commit is torn in the log, where its frames go; a checkpoint in the database, while the log still has all of it.
 * See https://www.sqlite.org/wal.html, sections 2.1 and 4.4.
 */
const tornDatabase = (checkpoint: boolean) => (before: Durable, after: Durable) => {
  const torn = new Map(before.files)
  for (const [path, now] of after.files) {
    const was = before.files.get(path) ?? Buffer.alloc(0)
    if (now === null || now === was) continue
    if (path.endsWith(".db-wal") !== checkpoint) torn.set(path, halfOf(was, now))
  }
  // A commit that also wrote into the database, by a checkpoint of its own, went through states that cannot be told from outside.
  const wroteDatabase = after.files.get("history.db") !== before.files.get("history.db")
  return !checkpoint && wroteDatabase ? undefined : { ...before, files: torn }
}

const watchDatabases = () => {
  const prepare = Database.prototype.prepare
  const watched = function (this: Database.Database, sql: string) {
    const statement = prepare.call(this, sql)
    if (statement.readonly && !/^COMMIT/i.test(sql)) return statement
    const path = this.name
    const label = `database: ${sql.trim().split(/\s+/).slice(0, 4).join(" ")}`
    const torn = tornDatabase(/checkpoint/.test(sql))
    const each = statement as unknown as Record<string, unknown>
    for (const method of ["run", "all", "get"]) {
      const plain = each[method]
      if (typeof plain !== "function") continue
      each[method] = (...given: ReadonlyArray<unknown>): unknown => {
        const watcher = watching !== undefined && path.startsWith(watching.root) ? watching : undefined
        const before = watcher?.begin("database", label)
        const result: unknown = Reflect.apply(plain, statement, given)
        watcher?.end(before, label, torn)
        return result
      }
    }
    return statement
  }
  Database.prototype.prepare = watched as typeof prepare
}

/** Every function of node:fs and node:fs/promises that is given a path in the data directory, and what is done with a file once it is open. */
const watchFiles = () => {
  const watcherOf = (path: unknown) =>
    watching !== undefined && typeof path === "string" && path.startsWith(watching.root) ? watching : undefined
  const around = (path: string, label: string, call: () => unknown, tears: boolean, later: boolean): unknown => {
    const watcher = watcherOf(path)
    const before = watcher?.begin("file", label)
    const failure = watcher?.files === undefined ? undefined : failing(watcher.files, label)
    if (failure !== undefined) {
      const { code } = failure
      const error = Object.assign(new Error(`${code}: made to fail`), { code })
      const done = failure.done || label.startsWith("file: close ") ? call() : undefined
      if (later)
        return Promise.resolve(done)
          .then(closeUnheard)
          .then(() => Promise.reject(error))
      throw error
    }
    const result = call()
    const done = <A>(value: A): A => {
      if (before !== undefined && /^file: (data)?sync /.test(label)) watcher?.synced(path)
      watcher?.end(before, label, tears ? tornFile : undefined)
      return value
    }
    return result instanceof Promise ? result.then(done) : done(result)
  }
  const watchHandle = (path: string, handle: object): object =>
    new Proxy(handle, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== "function") return member
        return (...given: ReadonlyArray<unknown>) =>
          around(
            path,
            `file: ${String(name)} of ${basenameOf(path)}`,
            () => Reflect.apply(member, target, given),
            /^write/.test(String(name)),
            true
          )
      }
    })
  const wrap = (module: Record<string, unknown>, later: boolean) => {
    for (const [name, member] of Object.entries(module)) {
      if (typeof member !== "function" || /^[A-Z]/.test(name)) continue
      module[name] = new Proxy(member, {
        apply: (target, self, given: Array<unknown>) => {
          const [path] = given
          if (watcherOf(path) === undefined) return Reflect.apply(target, self, given) as unknown
          const label = `file: ${name} ${basenameOf(String(path))}`
          const call = () => Reflect.apply(target, self, given) as unknown
          const result = around(String(path), label, call, /^write/.test(name), later)
          return name === "open" && result instanceof Promise
            ? result.then((handle: object) => watchHandle(String(path), handle))
            : result
        }
      })
    }
  }
  wrap(fsp as unknown as Record<string, unknown>, true)
  wrap(fs as unknown as Record<string, unknown>, false)
  syncBuiltinESMExports()
}

/** What nobody hears of, nobody else closes. */
const closeUnheard = async (opened: unknown) => {
  if (opened instanceof Object && "close" in opened && typeof opened.close === "function") await opened.close()
}

const basenameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1)

const tornFile = (before: Durable, after: Durable): Durable => {
  const files = new Map(after.files)
  for (const [path, now] of after.files) {
    const was = before.files.get(path)
    if (now !== null && now !== was) files.set(path, halfOf(was ?? Buffer.alloc(0), now))
  }
  return { ...after, files }
}

watchFiles()
watchDatabases()

/** Whatever a store is asked. A put of more than a part goes up in parts, as to S3. */
const watchStore =
  (watcher: Watcher, uploads: Map<string, string>, { partSize }: SyncTuningService) =>
  (store: ObjectStoreService): ObjectStoreService => {
    const bucket = watcher.bucketOf(store.display)
    const point = <A, E, R>(label: string, effect: Effect.Effect<A, E, R>, torn?: Parameters<Watcher["end"]>[2]) =>
      Effect.suspend(() => {
        const before = watcher.begin("store", label)
        return Effect.tap(effect, () => Effect.sync(() => watcher.end(before, label, torn)))
      })
    const putInParts = (name: string, bytes: Uint8Array, options: PutOptions) =>
      Effect.gen(function* () {
        const note = options.onMultipart ?? (() => Effect.void)
        const id = `upload ${++launches}`
        yield* note(UNHEARD_UPLOAD)
        yield* point(
          "store: begin upload",
          Effect.sync(() => void uploads.set(id, `${store.display} ${name}`))
        )
        yield* note(id)
        for (let part = 0; part < bytes.length; part += partSize) yield* point(`store: part`, Effect.void)
        const finish = Effect.zipLeft(
          store.put(name, bytes, options),
          Effect.sync(() => void uploads.delete(id))
        )
        const stored = yield* point("store: finish upload", finish)
        yield* note(null)
        return stored
      })
    const inFull: ObjectStoreService = {
      ...store,
      abortMultipart: (name, id) =>
        Effect.sync(() => {
          const of = `${store.display} ${name}`
          for (const [each, place] of uploads)
            if (place === of && (id === each || id === UNHEARD_UPLOAD)) uploads.delete(each)
        })
    }
    const entries = Object.entries(inFull).map(([key, member]: [string, unknown]) => {
      if (typeof member !== "function") return [key, member]
      const asked = (...given: ReadonlyArray<unknown>): unknown => {
        const label = `store: ${key} ${String(given[0]).replace(/[0-9a-f]{8,}/g, "…")}`
        const [name, bytes, options] = given as unknown as Parameters<ObjectStoreService["put"]>
        if (key === "put" && bytes.length > partSize && name.startsWith(SEGMENTS))
          return putInParts(name, bytes, options)
        const result: unknown = Reflect.apply(member, inFull, given)
        if (!Effect.isEffect(result))
          return Stream.ensuring(result as Stream.Stream<unknown>, point(label, Effect.void))
        return point(label, result, key === "put" ? tornPut(store.display, name, bytes, bucket) : undefined)
      }
      return [key, asked]
    })
    return Object.fromEntries(entries) as ObjectStoreService
  }

/** A put is whole or absent; of a segment half is tried all the same, since its name and size are all that push goes by. */
const tornPut =
  (location: string, name: string, bytes: Uint8Array, bucket: MemoryBucket | undefined) => (before: Durable) => {
    if (bucket === undefined || !name.startsWith(SEGMENTS)) return undefined
    const half = bytes.slice(0, bytes.length >> 1)
    const objects = new Map(before.stores.get(location))
    objects.set(name, { bytes: half, etag: createHash("md5").update(half).digest("hex") })
    return { ...before, stores: new Map([...before.stores, [location, objects]]) }
  }
