/**
 * What sync itself can refuse or find, beside what stores and the database report. The error report gives each its words and exit code; the
 * messages here are for logs, and for what `hx sync status` says of the last error.
 */

import { Data } from "effect"
import type { ArchiveClass } from "../store/ArchiveClass.ts"
import type { Finding } from "./VerifyFinding.ts"

/** No store has been chosen yet: `hx sync init` has not run here, or `reset` did. */
export class NoStore extends Data.TaggedError("NoStore") {
  override get message(): string {
    return "No store to sync with"
  }
}

/** The vault is encrypted and nobody gave its key. */
export class KeyNeeded extends Data.TaggedError("KeyNeeded")<{
  readonly store: string
  readonly passphraseSet: boolean
}> {
  override get message(): string {
    return `The key of the vault in ${this.store} is needed`
  }
}

/** The key given, or kept here, is not this vault's; or it could not be read at all. */
export class WrongVaultKey extends Data.TaggedError("WrongVaultKey")<{
  readonly source: string
  readonly detail: string
}> {
  override get message(): string {
    return `Wrong vault key: ${this.source}: ${this.detail}`
  }
}

/** The vault has a newer key than this device. */
export class VaultKeyRotated extends Data.TaggedError("VaultKeyRotated")<{
  readonly store: string
  readonly epoch: number
  /** ISO 8601. */
  readonly at: string
}> {
  override get message(): string {
    return `The vault's key was rotated on ${this.at.slice(0, 10)}: ${this.store}, key number ${this.epoch}`
  }
}

/** A passphrase that could be guessed. */
export class WeakPassphrase extends Data.TaggedError("WeakPassphrase")<{
  readonly source: string
  /** "it has …". */
  readonly detail: string
}> {
  override get message(): string {
    return `The passphrase is too weak: ${this.source}: ${this.detail}`
  }
}

/** An option of `init` that contradicts the vault found in the store. */
export class VaultMismatch extends Data.TaggedError("VaultMismatch")<{
  readonly store: string
  readonly detail: string
  readonly hint: string
}> {
  override get message(): string {
    return `The vault in ${this.store} does not fit: ${this.detail}`
  }
}

/** The store went back behind what we published, or our manifest is gone. */
export class SequenceConflict extends Data.TaggedError("SequenceConflict")<{
  readonly store: string
  readonly ours: number
  /** Null where the manifest is gone. */
  readonly theirs: number | null
}> {
  override get message(): string {
    return `Sequence number conflict: published ${this.ours}, found ${this.theirs ?? "nothing"}`
  }
}

/** A manifest, or vault.json, does not open or contradicts itself. */
export class ManifestCorrupt extends Data.TaggedError("ManifestCorrupt")<{
  readonly store: string
  readonly name: string
  readonly detail: string
  /** It is sound as far as we can see, but a newer hx wrote it. */
  readonly newer?: boolean
}> {
  override get message(): string {
    const what = this.newer === true ? "NewerFormat" : "Manifest corruption detected"
    return `${what}: ${this.name}: ${this.detail}`
  }
}

/** The swap of our manifest kept being lost, though nobody else's publication was found. */
export class SwapUnsettled extends Data.TaggedError("SwapUnsettled")<{
  readonly store: string
  readonly rounds: number
}> {
  override get message(): string {
    return `Sequence number conflict: lost the swap ${this.rounds} times`
  }
}

/** This device was retired by another one: its log is not read any more. */
export class DeviceRetired extends Data.TaggedError("DeviceRetired")<{
  /** The label of the device that took its history over. */
  readonly by: string
}> {
  override get message(): string {
    return `This device was retired by ${this.by}`
  }
}

/** No device, or more than one, or this very device is called so. */
export class DeviceUnknown extends Data.TaggedError("DeviceUnknown")<{
  readonly given: string
  readonly reason: "None" | "Several" | "Self"
  /** Names and ids of those that could be meant. */
  readonly known: ReadonlyArray<string>
}> {
  override get message(): string {
    return `${this.reason}: ${this.given}`
  }
}

/** A device cannot be taken over whole: what it has published can be read nowhere. Nothing was done. */
export class RetireIncomplete extends Data.TaggedError("RetireIncomplete")<{
  readonly device: string
  /** At least one. */
  readonly lost: ReadonlyArray<{ readonly name: string; readonly detail: string; readonly operations: number | null }>
}> {
  override get message(): string {
    return `${this.device} cannot be taken over whole: ${this.lost.length} objects cannot be read`
  }
}

/** Two devices have retired each other at the same time; nothing of that one was deleted. */
export class RetiredEachOther extends Data.TaggedError("RetiredEachOther")<{ readonly device: string }> {
  override get message(): string {
    return `${this.device} has retired this device meanwhile`
  }
}

/** Why an object of another device was passed over. */
export type ProblemKind = "manifest" | "segment" | "rollback" | "missing" | "archived" | "newer"

/** One object that could not be used; the rest of the pull went on. */
export interface Problem {
  readonly kind: ProblemKind
  readonly device: string
  readonly name: string
  readonly detail: string
  /** Of archived ones: see Archived.ts. */
  readonly archived?: ArchivedObject
}

export interface ArchivedObject {
  /** Null where the store did not say. */
  readonly archive: ArchiveClass | null
  /** Sealed size. */
  readonly bytes: number
  /** When this device last asked for it, in µs since 1970; null where it did not, or so long ago that it is over. */
  readonly asked: number | null
}

/** Good objects were applied, bad ones were not. */
export class PartlyDone extends Data.TaggedError("PartlyDone")<{
  readonly store: string
  readonly problems: ReadonlyArray<Problem>
}> {
  override get message(): string {
    return `Completed with problems: ${this.problems.length} objects could not be used`
  }
}

/** The vault was read to its end, and not all of it is as it should be. */
export class NotProved extends Data.TaggedError("NotProved")<{
  readonly store: string
  /** What is still so after a repair. At least one. */
  readonly findings: ReadonlyArray<Finding>
  /** A repair was asked for. */
  readonly repaired: boolean
}> {
  override get message(): string {
    return `Completed with problems: ${this.findings.length} found`
  }
}
