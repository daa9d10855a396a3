/** Reading vault.json, one GET, and proving it: what it says of the vault's keys is believed only of who has one. */

import { Effect, Option, Stream } from "effect"
import type { Keyring } from "../format/Keyring.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import type { ObjectStoreService } from "../store/ObjectStore.ts"
import { knownVault, noteNewer, type Place, refuseOlder, rememberVault } from "./KnownVault.ts"
import { MANIFESTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { ManifestCorrupt, VaultKeyRotated, VaultMismatch, WrongVaultKey } from "./SyncError.ts"
import { VaultKeys } from "./VaultKeys.ts"
import { VaultSession } from "./VaultSession.ts"

/** The vault's descriptor, of good form but not authenticated yet, and its ETag; null where the store has none. */
export const fetchDescriptorObject = Effect.fn("VaultDescriptor.fetch")(function* (store: ObjectStoreService) {
  const object = yield* store.get(VAULT_DESCRIPTOR, VaultDescriptor.MAX_DESCRIPTOR_BYTES).pipe(
    Effect.catchIf(
      (error) => error.reason === "Absent",
      () => Effect.succeed(null)
    ),
    Effect.tapError((error) => (error.reason === "AccessDenied" ? requireList(store) : Effect.void))
  )
  if (object === null) return null
  const descriptor = yield* VaultDescriptor.decode(object.bytes).pipe(
    Effect.mapError(
      ({ detail, reason }) =>
        new ManifestCorrupt({
          store: store.display,
          name: VAULT_DESCRIPTOR,
          detail,
          newer: reason === "NewerFormat"
        })
    )
  )
  return { descriptor, etag: object.etag }
})

/** The same without the ETag. */
export const fetchDescriptor = (store: ObjectStoreService) =>
  Effect.map(fetchDescriptorObject(store), (found) => found?.descriptor ?? null)

/**
 * Fails where the store may not be listed: then it calls forbidden what is only absent, and the permission that lacks is that of listing. Whatever
 * else keeps it from being listed is no news.
 */
const requireList = (store: ObjectStoreService) =>
  store.list(MANIFESTS).pipe(
    Stream.runHead,
    Effect.catchIf(
      (error) => error.reason !== "AccessDenied",
      () => Effect.void
    )
  )

/** vault.json as it stands in the store of this session, proved with this device's key, and remembered. Fails where it is not that of our vault. */
export const proveCurrent = Effect.gen(function* () {
  const { binding, keyring, store } = yield* VaultSession
  const found = yield* fetchDescriptorObject(store)
  if (found === null) {
    // A disk that is not mounted holds no vault.json either: then it is the folder that is told.
    yield* store.list(MANIFESTS).pipe(Stream.runHead)
    return yield* corrupt(store.display, GONE)
  }
  yield* provenWith(found.descriptor, keyring, binding, store.display)
  yield* rememberVault(binding.location, found.descriptor)
  return found
})

/**
 * An object was sealed under a key that we do not have: fails where the vault has indeed moved on. Gives words where vault.json tells more: two devices
 * that found a vault in one folder before a synchroniser has shown it to both end up with manifests of two vaults, and one vault.json.
 */
export const assertEpochCurrent = Effect.gen(function* () {
  const { binding, keyring, store } = yield* VaultSession
  if (!keyring.encrypted) return null
  const descriptor = yield* fetchDescriptor(store)
  if (descriptor === null) return null
  if (descriptor.vault !== keyring.vaultId) {
    return `${VAULT_DESCRIPTOR}, too, is that of another vault than this device is in: hx sync init joins that one`
  }
  yield* refuseRotated(descriptor, keyring, binding, store.display)
  return null
})

/** Fails unless the descriptor is that of our vault, not an older one, and opens with our newest key. */
const provenWith = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  keyring: Keyring,
  { location, vaultId }: Place,
  store: string
) {
  if (descriptor.vault !== vaultId) {
    const detail = "it is that of another vault than this device is in"
    return yield* new VaultMismatch({ store, detail, hint: "join the one there: hx sync init" })
  }
  yield* refuseOlder(location, descriptor)
  yield* refuseRotated(descriptor, keyring, { location, vaultId }, store)
  const verdict =
    descriptor.epoch === keyring.epoch
      ? VaultDescriptor.verify(descriptor, keyring.keys.get(keyring.epoch) ?? null)
      : ("Tampered" as const)
  if (verdict === "WrongVaultKey") {
    const keys = yield* VaultKeys
    return yield* new WrongVaultKey({ source: keys.location(vaultId), detail: "it does not open this vault" })
  }
  if (verdict === "Tampered") return yield* corrupt(store, "it does not go with the key on this device")
})

/** Fails where the vault has a key that we lack, and somebody who had the one that we have made it: then this device has to be given it. */
export const refuseRotated = Effect.fn("VaultDescriptor.refuseRotated")(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  keyring: Keyring,
  place: Place,
  store: string
) {
  const rotated = rotatedFrom(descriptor, keyring)
  if (rotated === "no") return
  if (rotated === "unproved") {
    return yield* corrupt(store, "it says that the vault's key was rotated, and nobody who had the key says so")
  }
  // One that this device has made itself, and not finished with, it need not be given: rotate, push and pull go on with it.
  const keys = yield* VaultKeys
  const made = yield* keys.next(descriptor.vault)
  if (!Option.exists(made, ({ key }) => VaultDescriptor.verify(descriptor, key) === "Ok")) {
    yield* noteNewer(place, rotated)
  }
  return yield* new VaultKeyRotated({ store, ...rotated })
})

/**
 * Whether the descriptor has a key that follows one of ours. Two devices that rotate at once, in a store that knows no conditions, make two keys of
 * one number; the one that stands is not ours then, though ours has its number.
 */
export const rotatedFrom = (descriptor: VaultDescriptor.VaultDescriptor, keyring: Keyring) => {
  const own = (epoch: number) => keyring.keys.get(epoch)
  const opens = (epoch: number) => {
    const key = own(epoch)
    const check = descriptor.epochs[epoch - 1]?.check
    return key !== undefined && check === VaultDescriptor.checkOf(key, descriptor.vault, epoch)
  }
  if (descriptor.epoch < keyring.epoch || opens(descriptor.epoch)) return "no"
  const last = descriptor.epochs.findLast(({ epoch }) => opens(epoch))
  const newest = descriptor.epochs.at(-1)
  const key = last === undefined ? undefined : own(last.epoch)
  if (last === undefined || newest === undefined || key === undefined) {
    return descriptor.epoch > keyring.epoch ? "unproved" : "no"
  }
  return VaultDescriptor.provesRotation(descriptor, last.epoch, key)
    ? { epoch: newest.epoch, at: newest.created }
    : "unproved"
}

/** Whether a manifest that is sealed under an epoch that is over is believed all the same. Reads vault.json only where it is not known. */
export const isAccepted = Effect.fn("VaultDescriptor.isAccepted")(function* (
  manifest: Parameters<typeof VaultDescriptor.accepts>[1]
) {
  const { binding, keyring } = yield* VaultSession
  const known = yield* knownVault(binding)
  if (known !== null && known.epoch === keyring.epoch) return VaultDescriptor.accepts({ ...known }, manifest)
  return VaultDescriptor.accepts((yield* proveCurrent).descriptor, manifest)
})

const GONE = "it is gone"

const corrupt = (store: string, detail: string) => new ManifestCorrupt({ store, name: VAULT_DESCRIPTOR, detail })
