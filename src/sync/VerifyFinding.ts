/** What `hx sync verify` can find. Words for people are in cli; `detail` says what was met. */

import type { DeviceId } from "../domain/Device.ts"
import type { OperationRange } from "../db/HistoryDb.ts"
import type { ArchivedObject } from "./SyncError.ts"

/** What is wrong with the vault. */
export type FindingKind =
  | "vault" // vault.json is gone, or does not prove itself
  | "manifest" // it does not open, or contradicts itself
  | "missing" // an object that should be there is not
  | "segment" // it is not what its manifest says
  | "rollback" // older than what this device, or another one, has seen
  | "conflict" // ours, and another installation's
  | "local" // this device's database lacks what it should hold
  | "archived" // it has to be restored before it can be proved
  | "newer" // only a newer hx can tell

/** Who can make it good. */
export type Remedy =
  | "repair" // this device: hx sync verify --repair
  | "there" // the device that wrote it, in the same way
  | "push" // this device: hx sync push, which takes a new id
  | "force" // a person has to decide: hx sync pull --force or push --force
  | "init" // this device: hx sync init makes vault.json again
  | "copy" // whoever keeps the folder: a file synchroniser left it beside the manifest
  | "backup" // nobody here: an older version of the object
  | "restore" // hx sync pull --restore
  | "upgrade" // a newer hx
  | "again" // nobody need: it changed, or was too much

export interface Finding {
  readonly kind: FindingKind
  /** The object. */
  readonly name: string
  /** Whose log it is; null where it is nobody's. */
  readonly device: DeviceId | null
  /** That device's name for people. */
  readonly label: string
  /** When that device last published, in µs since 1970, as far as known. */
  readonly published: number | null
  readonly detail: string
  /** The gap: operations of that log that cannot be read from the store. Null where all can, or where nobody knows which. */
  readonly gap: OperationRange | null
  /** Entries in the gap; those of a whole log where its manifest is unreadable, as far as known. */
  readonly entries: number
  /** Whether this device has everything that cannot be read from the store; null where nothing is in question. */
  readonly held: boolean | null
  readonly remedy: Remedy
  readonly archived?: ArchivedObject
  /** What that log is remembered under here (ObjectNames.ManifestName). */
  readonly log?: DeviceId
}

/** What is in the store and no part of the vault. None of it is wrong: it costs its bytes. */
export type LeftoverKind =
  | "replaced" // ours, and noted to be deleted
  | "unpublished" // ours: sent for a publication that did not come to an end
  | "orphan" // no manifest names it
  | "stranded" // of a device whose manifest cannot be read: it may be named there
  | "retired" // of a device that was retired
  | "foreign" // hx made no such name
  | "probe" // of a trial of the store
  | "upload" // an upload in parts that was begun and not finished

export interface LeftoverObject {
  readonly name: string
  /** Bytes; 0 of uploads. */
  readonly bytes: number
  /** When it was written, µs since 1970; null where the store does not say. */
  readonly modified: number | null
}

/** Those of one kind and device. */
export interface Leftover {
  readonly kind: LeftoverKind
  readonly device: DeviceId | null
  readonly label: string
  /** This device's own. */
  readonly own: boolean
  readonly objects: ReadonlyArray<LeftoverObject>
}

/** A device of which this one has not read everything that stands in the store. */
export interface Behind {
  readonly device: DeviceId
  readonly label: string
  /** Operations. */
  readonly operations: number
}
