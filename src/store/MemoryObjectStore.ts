/**
 * A store in memory, for tests: a bucket that several devices share, each through its own client. It is deterministic, and as fussy or as careless
 * about conditions as it is told to be. ETags are hashes of the content, as on S3: the same bytes written again have the same ETag.
 */

import { Clock, Effect, Stream } from "effect"
import { createHash } from "node:crypto"
import { type ArchiveClass, archiveClassOf } from "./ArchiveClass.ts"
import type { MemoryLifecycle } from "./BucketLifecycle.ts"
import { checkName, isObjectName, isReadableName } from "./ObjectName.ts"
import {
  AssumedCapabilities,
  type ObjectStoreService,
  type PutCondition,
  type StoreCapabilities
} from "./ObjectStore.ts"
import { StoreError } from "./StoreError.ts"

/** What the server does with conditions; a client may believe something else (StoreCapabilities). */
export interface Conditions {
  readonly create: "honoured" | "ignored" | "unsupported"
  /** "quoted" and "unquoted" servers never find a match for the other form. */
  readonly ifMatch: "both" | "quoted" | "unquoted" | "ignored" | "unsupported"
}

export interface MemoryObject {
  readonly bytes: Uint8Array
  readonly etag: string
  readonly storageClass?: string
  /** Of an object of INTELLIGENT_TIERING: the archive tier that it is in; no list tells. */
  readonly accessTier?: string
  /** Of an archived object: a restore was asked for, or is done. */
  readonly restore?: "under way" | "done"
  /** µs since 1970; undefined for what was planted. */
  readonly modified?: number
}

/** The server's side. Tests may look into it and change it. */
export interface MemoryBucket {
  readonly objects: Map<string, MemoryObject>
  /** What was replaced or deleted while the lifecycle said "versioned". */
  readonly older: Array<{ readonly name: string; readonly bytes: Uint8Array }>
  readonly conditions: Conditions
  readonly lifecycle: MemoryLifecycle
}

export const makeMemoryBucket = (conditions: Conditions = { create: "honoured", ifMatch: "both" }): MemoryBucket => ({
  objects: new Map(),
  older: [],
  conditions,
  lifecycle: { configuration: { rules: [] }, versioned: false }
})

/** Puts bytes under a name without any client; for tests that play another device, or damage. */
export const plant = (bucket: MemoryBucket, name: string, bytes: Uint8Array, storageClass?: string): MemoryObject => {
  const object = {
    // Not slice(): of a Buffer that is a view.
    bytes: Uint8Array.from(bytes),
    etag: createHash("md5").update(bytes).digest("hex"),
    ...(storageClass === undefined ? {} : { storageClass })
  }
  bucket.objects.set(name, object)
  return object
}

/** Moves an object to an archive, as a lifecycle rule does. */
export const archive = (bucket: MemoryBucket, name: string, into: ArchiveClass = "GLACIER"): void => {
  const tiered = into === "ARCHIVE_ACCESS" || into === "DEEP_ARCHIVE_ACCESS"
  const where = tiered ? { storageClass: "INTELLIGENT_TIERING", accessTier: into } : { storageClass: into }
  const object = bucket.objects.get(name)
  if (object !== undefined) bucket.objects.set(name, { bytes: object.bytes, etag: object.etag, ...where })
}

/** Hours pass: what was asked for can be read, and what INTELLIGENT_TIERING had archived is back where it was. */
export const restoreDone = (bucket: MemoryBucket): void => {
  for (const [name, { bytes, etag, restore, storageClass }] of bucket.objects) {
    if (restore !== "under way") continue
    const object = { bytes, etag, ...(storageClass === undefined ? {} : { storageClass }) }
    bucket.objects.set(name, storageClass === "INTELLIGENT_TIERING" ? object : { ...object, restore: "done" })
  }
}

export const makeMemoryStore = (
  bucket: MemoryBucket,
  display = "memory",
  capabilities: StoreCapabilities = AssumedCapabilities
): ObjectStoreService => ({
  display,
  capabilities,
  list: (prefix) =>
    Stream.suspend(() =>
      Stream.fromIterable(
        [...bucket.objects]
          .filter(([name]) => name.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, { bytes, etag, modified, storageClass }]) => ({
            name,
            etag,
            size: bytes.length,
            storageClass: storageClass ?? "STANDARD",
            ...(modified === undefined ? {} : { modified })
          }))
      )
    ),
  get: Effect.fn("MemoryStore.get")(function* (name, maxBytes) {
    yield* checkName("get", name, isReadableName)
    const object = bucket.objects.get(name)
    if (object === undefined) return yield* failure("Absent", "get", name)
    const where = archivedIn(object)
    if (where !== undefined) {
      return yield* new StoreError({ reason: "Archived", operation: "get", subject: name, archive: where })
    }
    if (object.bytes.length > maxBytes) {
      return yield* failure("TooLarge", "get", name, `${object.bytes.length} bytes, at most ${maxBytes} expected`)
    }
    return { bytes: Uint8Array.from(object.bytes), etag: object.etag }
  }),
  put: Effect.fn("MemoryStore.put")(function* (name, bytes, { condition, onProgress }) {
    yield* checkName("put", name, isObjectName)
    yield* checkCondition(bucket, capabilities, name, condition)
    keepOlder(bucket, name)
    const object = plant(bucket, name, bytes)
    bucket.objects.set(name, { ...object, modified: (yield* Clock.currentTimeMillis) * 1000 })
    onProgress?.(bytes.length)
    return { etag: object.etag }
  }),
  delete: Effect.fn("MemoryStore.delete")(function* (name) {
    yield* checkName("delete", name, isReadableName)
    bucket.objects.delete(name)
    dropOlder(bucket, (each) => each === name)
    return { versionsLeft: false }
  }),
  purge: (prefix) => Effect.sync(() => ({ deleted: dropOlder(bucket, (name) => name.startsWith(prefix)), left: 0 })),
  abortMultipart: () => Effect.void,
  restore: Effect.fn("MemoryStore.restore")(function* (name) {
    yield* checkName("restore", name, isReadableName)
    const object = bucket.objects.get(name)
    if (object === undefined) return yield* failure("Absent", "restore", name)
    if (archivedIn(object) === undefined) return "Readable"
    if (object.restore === "under way") return "UnderWay"
    bucket.objects.set(name, { ...object, restore: "under way" })
    return "Started"
  })
})

const keepOlder = ({ lifecycle, objects, older }: MemoryBucket, name: string) => {
  const replaced = objects.get(name)
  if (lifecycle.versioned === true && replaced !== undefined) older.push({ name, bytes: replaced.bytes })
}

/** Gives how many they were. */
const dropOlder = ({ older }: MemoryBucket, which: (name: string) => boolean): number => {
  const kept = older.filter(({ name }) => !which(name))
  const dropped = older.length - kept.length
  older.splice(0, older.length, ...kept)
  return dropped
}

const archivedIn = ({ accessTier, restore, storageClass }: MemoryObject): ArchiveClass | undefined =>
  restore === "done" ? undefined : archiveClassOf(storageClass, accessTier)

const failure = (
  reason: StoreError["reason"],
  operation: StoreError["operation"],
  subject: string,
  detail?: string
): StoreError => new StoreError({ reason, operation, subject, ...(detail === undefined ? {} : { detail }) })

const checkCondition = (
  { conditions, objects }: MemoryBucket,
  capabilities: StoreCapabilities,
  name: string,
  condition: PutCondition
): Effect.Effect<void, StoreError> => {
  if (condition._tag === "Create" && capabilities.createOnly) {
    if (conditions.create === "unsupported") return failure("Unsupported", "put", name)
    if (conditions.create === "honoured" && objects.has(name)) return failure("AlreadyExists", "put", name)
  }
  if (condition._tag === "IfMatch" && capabilities.ifMatch !== "none") {
    if (conditions.ifMatch === "unsupported") return failure("Unsupported", "put", name)
    if (conditions.ifMatch === "ignored") return Effect.void
    const understood = conditions.ifMatch === "both" || conditions.ifMatch === capabilities.ifMatch
    if (!understood || objects.get(name)?.etag !== condition.etag) return failure("SwapLost", "put", name)
  }
  return Effect.void
}
