/**
 * Rotation: the vault gets a new random key, and this device seals all that it has published again, under it.
 *
 *     vault.json read and proved → what stands in the store under the old key is listed → the new key durable in a file of its own
 *     → vault.json swapped → the new key kept with the others → everything published again → old objects deleted → that file removed
 *
 * Invariants, which tests cite by number:
 *  1. Nothing is written, here or there, before vault.json has been proved with the key of this device.
 *  2. The new key is durable before vault.json names it, and stays so until everything is published under it: whenever a run ends, the next one
 *     (rotate, push or pull) goes on with the same key.
 *  3. One of two devices that rotate at once wins; the other is told, and its key is dropped.
 *  4. Of what is sealed under the old key only the very manifests are believed that stood in the store then. Whoever has no more than the old key
 *     can read what it could read before, and can make nothing that is believed.
 */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { KEY_BYTES, MAX_EPOCH } from "../format/Keyring.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { Entropy } from "../platform/Entropy.ts"
import { acceptedNow } from "./AcceptedManifests.ts"
import { oweOlderVault } from "./Debts.ts"
import { knownVault, rekeyPending, rememberVault } from "./KnownVault.ts"
import { type Forked, readAndSettle } from "./OwnManifest.ts"
import { withoutKey } from "./Passphrase.ts"
import { push, type PushReport } from "./Push.ts"
import { nowMicros } from "./SyncClock.ts"
import { type Problem, VaultMismatch } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { proveCurrent } from "./VaultDescriptorFetch.ts"
import { encryptedKeyring, type EpochKey, recoveryKeyOf, VaultKeys } from "./VaultKeys.ts"
import { VaultSession, type VaultSessionService } from "./VaultSession.ts"
import { swapDescriptor, untilSwapped } from "./VaultSwap.ts"

export interface RotationReport {
  readonly store: string
  readonly vaultId: string
  /** Number of the new key. */
  readonly epoch: number
  /** When the vault got it, ISO 8601. */
  readonly rotated: string
  readonly recoveryKey: string
  readonly keyLocation: string
  /** An earlier run had begun it. */
  readonly resumed: boolean
  /** The vault had a passphrase, which opens only old copies of vault.json now. */
  readonly passphraseGone: boolean
  /** Other devices that have published, and that need the new key. */
  readonly others: number
  /** Manifests that did not stand the test, and are not believed any more. */
  readonly problems: ReadonlyArray<Problem>
  readonly pushed: PushReport
}

/** The caller holds the device lock. */
export const rotateKey = Effect.gen(function* () {
  const { keyring, store } = yield* VaultSession
  if (!keyring.encrypted) return yield* withoutKey(store.display)
  const begun = yield* unfinished
  const known = yield* knownVault((yield* VaultSession).binding)
  // What a person has to decide about first is said before anything is rotated.
  const forks = begun === null ? yield* settledBefore : []
  const swapped = begun !== null && begun.epoch === keyring.epoch ? yield* landed : yield* completeSwap
  return yield* Effect.provideService(
    finish({ ...swapped, forks, resumed: begun !== null, known }),
    VaultSession,
    swapped.session
  )
})

/**
 * The session as it is to be used by push and pull: what the last runs left is settled first. It costs no request, but where a rotation was interrupted
 * before vault.json was swapped, or where the keys and what is remembered of them do not go together.
 */
export const settledSession = Effect.gen(function* () {
  const session = yield* VaultSession
  const { binding, keyring } = session
  if (!keyring.encrypted) return session
  const begun = yield* unfinished
  if (begun !== null && begun.epoch > keyring.epoch) {
    const swapped = yield* completeSwap.pipe(
      // Without permission to change vault.json nothing was changed: syncing goes on under the old key.
      Effect.catchIf(
        (error) => error._tag === "StoreError" && error.reason === "AccessDenied",
        (error) =>
          Effect.as(Effect.logWarning(`The rotation of the vault's key could not be finished: ${error.message}`), null)
      )
    )
    if (swapped === null) return session
    yield* Effect.logWarning(
      `The rotation of the vault's key that had been interrupted goes on: it has key number ${begun.epoch} now. For its recovery key: hx sync key`
    )
    return swapped.session
  }
  const known = yield* knownVault(binding)
  // Keys and memory are written one after the other.
  if (keyring.epoch > (known?.epoch ?? 1)) yield* proveCurrent
  return session
})

/** The session with the key that an interrupted rotation has made, where vault.json names it: for who only reads. */
export const readingSession = Effect.gen(function* () {
  const session = yield* VaultSession
  const begun = session.keyring.encrypted ? yield* unfinished : null
  if (begun === null || begun.epoch === session.keyring.epoch) return session
  return (yield* arrivedWith(begun))?.session ?? session
})

/** Whether the last runs left anything of a rotation to be done. */
export const rotationPending = Effect.gen(function* () {
  const binding = Option.getOrNull(yield* SyncState.binding.get)
  if (binding === null || !binding.encrypted) return false
  const keys = yield* VaultKeys
  return Option.isSome(yield* keys.next(binding.vaultId))
})

/** Once everything stands under the new key, its file is needed no more. */
export const settleRotation = Effect.gen(function* () {
  const { binding, keyring } = yield* VaultSession
  const keys = yield* VaultKeys
  const next = Option.getOrNull(yield* keys.next(binding.vaultId))
  if (next === null || next.epoch > keyring.epoch || (yield* rekeyPending)) return
  yield* keys.saveNext(binding.vaultId, null)
})

/** The key of a rotation that was begun and is not finished; one that is of no use any more is dropped. */
const unfinished = Effect.gen(function* () {
  const { binding, keyring } = yield* VaultSession
  const keys = yield* VaultKeys
  const next = Option.getOrNull(yield* keys.next(binding.vaultId))
  if (next === null) return null
  const kept = keyring.keys.get(next.epoch)
  if (
    next.epoch === keyring.epoch + 1 ||
    (next.epoch === keyring.epoch && kept !== undefined && sameKey(kept, next.key))
  ) {
    return next
  }
  yield* keys.saveNext(binding.vaultId, null)
  return null
})

const sameKey = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b)

/** Proves vault.json, then what stands under our own name. */
const settledBefore = Effect.gen(function* () {
  yield* proveCurrent
  const settled = yield* readAndSettle({ force: false })
  return settled._tag === "Forked" ? [settled] : []
})

interface Swapped {
  /** With the new key. */
  readonly session: VaultSessionService
  readonly descriptor: VaultDescriptor.VaultDescriptor
  readonly problems: ReadonlyArray<Problem>
}

/** vault.json was swapped by an earlier run, which kept the key, too. */
const landed = Effect.gen(function* () {
  const session = yield* VaultSession
  const { descriptor } = yield* proveCurrent
  return { session, descriptor, problems: [] } satisfies Swapped as Swapped
})

/** Makes the vault's newest key the one of this rotation, made now or by an earlier run. */
const completeSwap = Effect.suspend(() => untilSwapped(swapOnce))

const swapOnce = Effect.gen(function* () {
  const { keyring } = yield* VaultSession
  const begun = yield* unfinished
  const arrived = begun === null ? null : yield* arrivedWith(begun)
  if (arrived !== null) return arrived
  const { descriptor, etag } = yield* proveCurrent.pipe(Effect.tapErrorTag("VaultKeyRotated", () => dropNext))
  const oldKey = keyring.keys.get(keyring.epoch)
  if (oldKey === undefined || keyring.epoch >= MAX_EPOCH) return yield* noFurtherKey
  const { problems, ...accepted } = yield* acceptedNow
  const next = begun ?? (yield* newKey)
  const rotated = VaultDescriptor.rotate(descriptor, { oldKey, newKey: next.key, at: yield* nowMicros, ...accepted })
  yield* oweOlderVault
  const stands = yield* swapDescriptor(rotated, etag)
  if (!stands) return null
  return { session: yield* keep(next, rotated), descriptor: rotated, problems } satisfies Swapped as Swapped
})

/**
 * Another device has rotated: ours is of no use. It is dropped only where it cannot come to stand after all: in a store without conditions, a write of
 * ours that was slow could still arrive.
 */
const dropNext = Effect.gen(function* () {
  const { binding, store } = yield* VaultSession
  const keys = yield* VaultKeys
  if (store.capabilities.ifMatch !== "none") yield* keys.saveNext(binding.vaultId, null)
})

/** vault.json as an earlier run has left it, where it names our key; null where it does not. */
const arrivedWith = Effect.fnUntraced(function* (next: EpochKey) {
  const session = yield* VaultSession
  const { keyring } = session
  const withNext = { ...session, keyring: withKey(keyring.vaultId, [...entriesOf(keyring.keys), next]) }
  const { descriptor } = yield* Effect.provideService(proveCurrent, VaultSession, withNext).pipe(
    Effect.catchTags({
      // Not yet there, or another device's: to be told by who looks at it with the old key.
      ManifestCorrupt: () => Effect.succeed({ descriptor: null }),
      VaultKeyRotated: () => Effect.succeed({ descriptor: null }),
      WrongVaultKey: () => Effect.succeed({ descriptor: null })
    })
  )
  if (descriptor === null) return null
  return { session: yield* keep(next, descriptor), descriptor, problems: [] } satisfies Swapped as Swapped
})

/** Random, and durable when it returns. */
const newKey = Effect.gen(function* () {
  const { binding, keyring } = yield* VaultSession
  const entropy = yield* Entropy
  const keys = yield* VaultKeys
  const next: EpochKey = { epoch: keyring.epoch + 1, key: yield* entropy.bytes(KEY_BYTES) }
  yield* keys.saveNext(binding.vaultId, next)
  return next
})

/** The new key with the others, and what vault.json says of it; gives the session with it. */
const keep = Effect.fnUntraced(function* (next: EpochKey, descriptor: VaultDescriptor.VaultDescriptor) {
  const session = yield* VaultSession
  const keys = yield* VaultKeys
  const keyring = withKey(descriptor.vault, [...entriesOf(session.keyring.keys), next])
  yield* keys.save(keyring)
  yield* rememberVault(session.binding.location, descriptor)
  return { ...session, keyring } satisfies VaultSessionService as VaultSessionService
})

const entriesOf = (keys: ReadonlyMap<number, Uint8Array>): ReadonlyArray<EpochKey> =>
  [...keys].map(([epoch, key]) => ({ epoch, key }))

const withKey = encryptedKeyring

/** Publishes everything under the new key. What had been published of an empty log is a manifest, so that the others hear of the new key. */
const finish = Effect.fnUntraced(function* (
  swapped: Swapped & {
    readonly forks: ReadonlyArray<Forked>
    readonly resumed: boolean
    readonly known: Effect.Effect.Success<ReturnType<typeof knownVault>>
  }
) {
  const { binding, keyring, store } = yield* VaultSession
  const keys = yield* VaultKeys
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const first = Option.isNone(yield* SyncState.publication.get)
  const pushed = yield* push({ force: first })
  yield* settleRotation
  const ended = swapped.descriptor.epochs.at(-2)?.accepted ?? []
  return {
    store: store.display,
    vaultId: binding.vaultId,
    epoch: keyring.epoch,
    rotated: swapped.descriptor.epochs.at(-1)?.created ?? swapped.descriptor.created,
    recoveryKey: Option.getOrElse(recoveryKeyOf(keyring), () => ""),
    keyLocation: keys.location(binding.vaultId),
    resumed: swapped.resumed,
    passphraseGone: swapped.known?.passphrase === true,
    others: new Set(ended.map(({ device }) => device).filter((device) => device !== self)).size,
    problems: swapped.problems,
    pushed: { ...pushed, forks: [...swapped.forks, ...pushed.forks] }
  } satisfies RotationReport as RotationReport
})

const noFurtherKey = Effect.flatMap(VaultSession, ({ store }) =>
  Effect.fail(
    new VaultMismatch({
      store: store.display,
      detail: "it has had as many keys as a vault can have",
      hint: "found a new one"
    })
  )
)
