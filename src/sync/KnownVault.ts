/**
 * What this device remembers of the vault.json that it last proved, for each store: so that one that goes back is refused, and that manifests sealed
 * under keys that are over can be judged without reading it again. Beside the keys, which are in files of their own (VaultKeys.ts).
 */

import { Effect, Option, Schema } from "effect"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import type { Keyring } from "../format/Keyring.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { ManifestCorrupt, VaultKeyRotated } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"

const Device = Schema.String.pipe(Schema.filter((text): text is DeviceId => isDeviceId(text)))
const Count = Schema.NonNegativeInt

const KnownVault = Schema.Struct({
  location: Schema.String,
  vaultId: Schema.String,
  sequence: Count,
  /** The newest epoch; 0 without encryption. */
  epoch: Count,
  /** When it began, ISO 8601. */
  since: Schema.String,
  /** "check" of its key; empty without encryption. */
  check: Schema.String,
  /** Whether a passphrase opened it. */
  passphrase: Schema.Boolean,
  /** As in vault.json, of the epochs that are over. */
  epochs: Schema.Array(
    Schema.Struct({ epoch: Count, accepted: Schema.Array(Schema.Struct({ device: Device, sequence: Count })) })
  ),
  rotations: Schema.Array(
    Schema.Struct({ epoch: Count, objects: Schema.Array(Schema.Struct({ device: Device, sha256: Schema.String })) })
  ),
  /** A later epoch that this device has no key for. */
  newer: Schema.NullOr(Schema.Struct({ epoch: Count, at: Schema.String }))
})
export type KnownVault = typeof KnownVault.Type

/** A vault in a store. */
export interface Place {
  /** The store's URL without secrets, as in StoreBinding. */
  readonly location: string
  readonly vaultId: string
}

/** What is remembered of the vault at this place. */
export const knownVault = (place: Place) =>
  Effect.map(all, (vaults): KnownVault | null => vaults.find(isAt(place)) ?? null)

/** Remembers a descriptor that was proved with this device's key. That a later epoch had been heard of is settled by it. */
export const rememberVault = Effect.fn("KnownVault.remember")(function* (
  location: string,
  descriptor: VaultDescriptor.VaultDescriptor
) {
  const { epoch, epochs, passphrase, rotations, sequence, vault } = descriptor
  const newest = epochs.at(-1)
  const known: KnownVault = {
    location,
    vaultId: vault,
    sequence,
    epoch,
    since: newest?.created ?? descriptor.created,
    check: newest?.check ?? "",
    passphrase: passphrase !== null,
    epochs: epochs.flatMap((each) => (each.accepted === null ? [] : [{ epoch: each.epoch, accepted: each.accepted }])),
    rotations: rotations.map((each) => ({ epoch: each.epoch, objects: each.objects })),
    newer: null
  }
  const others = (yield* all).filter((each) => !isAt(known)(each))
  yield* stored.put([...others, known].slice(-MAX_KNOWN))
})

/** Remembers that the vault has a later key, which this device lacks: it stops until it is given it. */
export const noteNewer = Effect.fn("KnownVault.noteNewer")(function* (
  place: Place,
  newer: { readonly epoch: number; readonly at: string }
) {
  const vaults = yield* all
  yield* stored.put(vaults.map((each) => (isAt(place)(each) ? { ...each, newer } : each)))
})

/** Forgets what was seen of a vault everywhere: whatever stands there is taken as it is, as on a device that never was in it. */
export const forgetVault = (vaultId: string) =>
  Effect.flatMap(all, (vaults) => stored.put(vaults.filter((each) => each.vaultId !== vaultId)))

/** A vault.json that goes back, to an earlier key or to an earlier version of itself, is an old copy that somebody put there. */
export const refuseOlder = Effect.fn("KnownVault.refuseOlder")(function* (
  location: string,
  descriptor: VaultDescriptor.VaultDescriptor
) {
  const known = yield* knownVault({ location, vaultId: descriptor.vault })
  if (known === null) return
  const corrupt = (detail: string) => new ManifestCorrupt({ store: location, name: VAULT_DESCRIPTOR, detail })
  const seen = Math.max(known.epoch, known.newer?.epoch ?? 0)
  if (descriptor.epoch < seen) {
    return yield* corrupt(`it went back to key number ${descriptor.epoch}; number ${seen} had been seen`)
  }
  if (descriptor.epoch === known.epoch && descriptor.sequence < known.sequence) {
    return yield* corrupt(`it went back to version ${descriptor.sequence}; version ${known.sequence} had been seen`)
  }
})

/** Whether what this device has published is sealed under a key that is over, and has to be sealed and published again. */
export const isUnderOldKey = (known: KnownVault | null, publication: { readonly key?: string | undefined }): boolean =>
  known !== null &&
  known.epoch > 0 &&
  publication.key !== known.check &&
  (publication.key !== undefined || known.epoch > 1)

/** The same of the store in use. */
export const rekeyPending = Effect.gen(function* () {
  const binding = Option.getOrNull(yield* SyncState.binding.get)
  const publication = Option.getOrNull(yield* SyncState.publication.get)
  return binding !== null && publication !== null && isUnderOldKey(yield* knownVault(binding), publication)
})

/** A device that has heard of a key that it lacks stops, and asks nobody, until it is given it. */
export const refuseWithoutNewKey = Effect.gen(function* () {
  const binding = Option.getOrNull(yield* SyncState.binding.get)
  const newer = binding === null ? null : (yield* knownVault(binding))?.newer
  if (binding === null || newer === null || newer === undefined) return
  return yield* new VaultKeyRotated({ store: binding.location, ...newer })
})

/** As Publication.key has it: of the key that objects of this epoch are sealed under. */
export const keyCheckOf = (keyring: Keyring, epoch: number): { readonly key?: string } => {
  const key = keyring.keys.get(epoch)
  return key === undefined ? {} : { key: VaultDescriptor.checkOf(key, keyring.vaultId, epoch) }
}

const stored = SyncState.document("sync.vaults", Schema.Array(KnownVault))

/** More vaults and stores than anybody moves between; the one read longest ago is forgotten first. */
const MAX_KNOWN = 16

const all = Effect.map(
  stored.get,
  Option.getOrElse((): ReadonlyArray<KnownVault> => [])
)

const isAt = (place: Place) => (known: KnownVault) =>
  known.location === place.location && known.vaultId === place.vaultId
