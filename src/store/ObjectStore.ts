/**
 * ObjectStore: bytes under names, in a bucket, a folder or memory. It knows nothing of vaults.
 *
 * Names are relative to the store's prefix: ASCII letters, digits, ".", "-", "_", with "/" between segments; never empty, never "." or "..".
 * ETags are opaque and compared as strings; implementations strip the quotes. Retry, timeout and concurrency are decorators with this
 * same interface; the implementations below them make exactly one attempt.
 */

import { Context, type Effect, type Stream } from "effect"
import type { ArchiveClass } from "./ArchiveClass.ts"
import type { StoreError } from "./StoreError.ts"

export interface ObjectInfo {
  readonly name: string
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** As the store names it ("STANDARD", "GLACIER", …); undefined where it does not say. */
  readonly storageClass?: string
  /** When it was written, by the store's clock, in µs since 1970; undefined where it does not say. */
  readonly modified?: number
}

/** An upload in parts that was begun, and neither finished nor aborted. */
export interface UnfinishedUpload {
  readonly name: string
  readonly uploadId: string
  /** By the store's clock, in µs since 1970; null where it does not say. */
  readonly begun: number | null
}

export interface StoredObject {
  readonly bytes: Uint8Array
  readonly etag: string
}

export type PutCondition =
  | { readonly _tag: "Always" }
  /** Fails with AlreadyExists where an object of that name exists. */
  | { readonly _tag: "Create" }
  /** Fails with SwapLost unless the object has this ETag. */
  | { readonly _tag: "IfMatch"; readonly etag: string }

export const Always: PutCondition = { _tag: "Always" }
export const Create: PutCondition = { _tag: "Create" }
export const IfMatch = (etag: string): PutCondition => ({ _tag: "IfMatch", etag })

/** Stands for the id of an upload that may have begun, and whose id never came back. */
export const UNHEARD_UPLOAD = ""

export interface PutOptions {
  readonly condition: PutCondition
  /**
   * For large objects: called with UNHEARD_UPLOAD before a multipart upload is asked for, with its id before its first part is sent, and with null
   * when it is over. The caller keeps it, so that the next run can abort what a killed one left.
   */
  readonly onMultipart?: (uploadId: string | null) => Effect.Effect<void>
  /** Called as bytes of this object leave, with the number sent so far; for progress only. */
  readonly onProgress?: (sent: number) => void
}

/** What the store can do, as init's probe found it; recorded with the binding. */
export interface StoreCapabilities {
  /** Put with Create is refused when the object exists. */
  readonly createOnly: boolean
  /** Put with IfMatch is refused when the object changed; and how If-Match wants its ETag. */
  readonly ifMatch: "none" | "quoted" | "unquoted"
}

/** What is assumed of an S3 store before it was probed. */
export const AssumedCapabilities: StoreCapabilities = { createOnly: true, ifMatch: "quoted" }

export interface Deleted {
  /** On a versioned bucket: older versions of the object are still there, because we may not delete them. */
  readonly versionsLeft: boolean
}

/** What became of what replaced, deleted and unfinished objects had left; see ObjectStoreService.purge. */
export interface Purged {
  readonly deleted: number
  /** Those that we may not delete; null: there may be some, and we may not look. */
  readonly left: number | null
}

/** What became of asking for an archived object: it will be readable in hours, had been asked for before, or can be read now. */
export type Restoration = "Started" | "UnderWay" | "Readable"

export interface ObjectStoreService {
  /** For people: the URL without secrets. */
  readonly display: string
  /** All objects whose name begins with the prefix, in the order of names, page by page. */
  readonly list: (prefix: string) => Stream.Stream<ObjectInfo, StoreError>
  /** The whole object, refused with TooLarge before it is read where it is over `maxBytes`. `onProgress` hears the bytes received so far. */
  readonly get: (
    name: string,
    maxBytes: number,
    onProgress?: (received: number) => void
  ) => Effect.Effect<StoredObject, StoreError>
  /** Writes the object and gives its new ETag. The write is durable when this succeeds, and either whole or absent in any case. */
  readonly put: (
    name: string,
    bytes: Uint8Array,
    options: PutOptions
  ) => Effect.Effect<{ readonly etag: string }, StoreError>
  /** Deletes the object, with its older versions where the store keeps them and lets us. Deleting what is not there succeeds. */
  readonly delete: (name: string) => Effect.Effect<Deleted, StoreError>
  /** Aborts a multipart upload that an earlier run left, or with UNHEARD_UPLOAD all of this object; succeeds where there is none. */
  readonly abortMultipart: (name: string, uploadId: string) => Effect.Effect<void, StoreError>
  /** The unfinished uploads of objects whose name begins with the prefix, the first thousand; undefined where there are none ever, or nobody can tell. */
  readonly uploads?: (prefix: string) => Effect.Effect<ReadonlyArray<UnfinishedUpload>, StoreError>
  /**
   * Deletes what replaced, deleted and unfinished objects whose name begins with the prefix have left in the store: older versions, parts, temporary
   * files. What stands stays. Of a bucket, a name with an ending means that object alone. Only where nobody else writes what takes more than one request.
   * Undefined where nothing is ever left.
   */
  readonly purge?: (prefix: string) => Effect.Effect<Purged, StoreError>
  /**
   * Asks for an archived object, of which `get` says Archived, to be made readable for a week; asking twice does no harm. `from` is the class
   * that the refusal, or a list, named. Where nothing is ever archived, what is there is Readable.
   */
  readonly restore: (name: string, from: ArchiveClass) => Effect.Effect<Restoration, StoreError>
  /** What the probe found; decides how conditions are sent. Before the probe: everything assumed. */
  readonly capabilities: StoreCapabilities
}

export class ObjectStore extends Context.Tag("hx/ObjectStore")<ObjectStore, ObjectStoreService>() {}
