/** What is told of what sync refuses, and of objects that do not open. Hints that depend on the error are in ErrorReport. */

import type { EnvelopeErrorReason } from "../format/Envelope.ts"
import type { ManifestError } from "../format/Manifest.ts"
import type { SegmentError } from "../format/Segment.ts"
import type { ExitCode } from "./ExitCodes.ts"
import { REPORT, type Words } from "./Words.ts"

export const SYNC = {
  NoStore: [2, "No store to sync with"],
  KeyNeeded: [3, "The vault is encrypted and its key is needed"],
  WrongVaultKey: [3, "Wrong vault key"],
  VaultKeyRotated: [3, "The vault's key was rotated"],
  WeakPassphrase: [2, "The passphrase is too easily guessed"],
  VaultMismatch: [2, "The vault in the store does not fit"],
  SequenceConflict: [4, "Sequence number conflict"],
  ManifestCorrupt: [5, "Manifest corruption detected"],
  SwapUnsettled: [4, "Sequence number conflict"],
  DeviceRetired: [3, "This device was retired"],
  DeviceUnknown: [2, "No device is called so"],
  RetireIncomplete: [5, "A device cannot be taken over whole, so nothing was done"],
  RetiredEachOther: [4, "Two devices have retired each other"],
  PartlyDone: [8, "Completed with problems"],
  NotProved: [8, "Completed with problems"]
} as const satisfies Readonly<Record<string, readonly [code: ExitCode, what: string]>>

const RESTORE =
  'Run the command again; if it stays so, "hx sync verify" tells what it is and which device can repair it (--repair).'
const REJOIN = 'Take the recovery key from "hx sync key" on a device that works, then: hx sync init --key-file FILE'

const NEWER: Words = [2, "The store holds what a newer hx wrote", "Install that version of hx, or a later one."]
const WRONG_KEY: Words = [3, "Wrong vault key", REJOIN]
export const OBJECT: Words = [5, "Object corruption detected", RESTORE]
const MANIFEST_BAD: Words = [5, "Manifest corruption detected", RESTORE]

export const ENVELOPE: Readonly<Record<EnvelopeErrorReason, Words>> = {
  NotAnEnvelope: OBJECT,
  NewerFormat: NEWER,
  PlaintextRefused: OBJECT,
  UnknownEpoch: WRONG_KEY,
  WrongKey: WRONG_KEY,
  Corrupt: OBJECT,
  TooLarge: OBJECT
}

export const MANIFEST: Readonly<Record<ManifestError["reason"], Words>> = {
  Malformed: MANIFEST_BAD,
  TooLarge: MANIFEST_BAD,
  NewerFormat: NEWER
}

export const SEGMENT: Readonly<Record<SegmentError["reason"], Words>> = {
  Malformed: OBJECT,
  NewerFormat: NEWER,
  Unwritable: [1, "Internal error", REPORT]
}
