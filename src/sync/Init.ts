/**
 * Init: this device joins the vault of a store, or founds one where there is none.
 *
 *     found   key saved and durable → vault.json created (create-only) → bound
 *     join    vault.json read → key proved against it → bound
 *
 * Nothing is written, here or there, before the key is proved. A founding that was interrupted finds its own vault id and goes on. While
 * this device holds a vault, an empty store becomes a new home of the same vault, and everything this device knows will be published there.
 */

import { Effect, Option, Redacted, Stream } from "effect"
import type { DbError } from "../db/DbError.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import { type Keyring, KEY_BYTES, plainKeyring } from "../format/Keyring.ts"
import * as VaultDescriptor from "../format/VaultDescriptor.ts"
import { Entropy } from "../platform/Entropy.ts"
import { Always, Create, type ObjectStoreService, type StoreCapabilities } from "../store/ObjectStore.ts"
import { isAmbiguous, type StoreError } from "../store/StoreError.ts"
import { Stores } from "../store/Stores.ts"
import { formatLocation, type StoreUrl } from "../store/StoreUrl.ts"
import { noteArrival } from "./Arrival.ts"
import { findKeyring, type GivenSecrets } from "./JoinKey.ts"
import { knownVault, refuseOlder, rememberVault } from "./KnownVault.ts"
import { comeBack, leave } from "./LeftStores.ts"
import { MANIFESTS, VAULT_DESCRIPTOR } from "./ObjectNames.ts"
import { type Forked, readAndSettle } from "./OwnManifest.ts"
import { strongEnough } from "./Passphrase.ts"
import { type OpenWith, probe } from "./Probe.ts"
import { rejoin } from "./Rejoin.ts"
import { StoredCredentials } from "./StoredCredentials.ts"
import { nowMicros } from "./SyncClock.ts"
import { ManifestCorrupt, VaultKeyRotated, VaultMismatch } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { encryptedKeyring, recoveryKeyOf, VaultKeys } from "./VaultKeys.ts"
import { fetchDescriptor } from "./VaultDescriptorFetch.ts"
import { VaultSession } from "./VaultSession.ts"

export interface InitOptions {
  readonly url: StoreUrl
  readonly secrets: GivenSecrets
  readonly noEncrypt: boolean
  /** A name for this device; it keeps the one it has without. */
  readonly device: Option.Option<string>
}

export interface InitReport {
  readonly store: string
  readonly vaultId: string
  readonly encrypted: boolean
  /** Founded: a new vault. Joined: one that was there. Moved: this device's own vault, in a store that had none. */
  readonly outcome: "founded" | "joined" | "moved"
  /** Only of a vault founded now: shown once. */
  readonly recoveryKey: Option.Option<string>
  readonly keyLocation: Option.Option<string>
  readonly capabilities: StoreCapabilities
  /** Operations of this device that the store lacks. */
  readonly pending: number
  readonly forks: ReadonlyArray<Forked>
}

/** The caller holds the device lock. */
export const init = Effect.fn("Init.run")(function* (given: InitOptions) {
  const stores = yield* Stores
  const keptCredentials = yield* StoredCredentials
  const { credentials } = given.url
  const usable = Option.isSome(credentials) ? credentials : yield* keptCredentials.load(given.url.location)
  // The region is settled once and recorded: no later run has to ask the bucket for it, and none is misled by a variable meant for something else.
  const location = yield* stores.settle(given.url.location, usable)
  const options: InitOptions = { ...given, url: { location, credentials } }
  const openWith: OpenWith = (capabilities) => stores.open(location, usable, capabilities)
  const store = yield* openWith(ASSUMED)
  const descriptor = yield* fetchDescriptor(store)
  const entered =
    descriptor === null ? yield* foundOrMove(store, options, openWith) : yield* join(descriptor, store, options)
  const capabilities = entered.capabilities ?? (yield* probe(openWith, formatLocation(location)))
  if (Option.isSome(credentials)) yield* keptCredentials.save(location, credentials.value)
  const binding: SyncState.StoreBinding = {
    location: formatLocation(location),
    vaultId: entered.keyring.vaultId,
    encrypted: entered.keyring.encrypted,
    createOnly: capabilities.createOnly,
    ifMatch: capabilities.ifMatch,
    joined: yield* nowMicros
  }
  yield* bind(binding, entered, options.device)
  const session = { binding, keyring: entered.keyring, store: yield* openWith(capabilities) }
  const returned = yield* Effect.provideService(rejoin, VaultSession, session)
  const forks = returned === null ? yield* Effect.provideService(adoptOwn, VaultSession, session) : [returned]
  return yield* describe(session.store, binding, entered, capabilities, forks)
})

/** Before the probe: as AWS does it. */
const ASSUMED: StoreCapabilities = { createOnly: true, ifMatch: "quoted" }

/** How this device got into the vault. */
interface Entered {
  readonly outcome: InitReport["outcome"]
  readonly keyring: Keyring
  readonly descriptor: VaultDescriptor.VaultDescriptor
  /** Null where the probe has still to be made. */
  readonly capabilities: StoreCapabilities | null
}

const join = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  store: ObjectStoreService,
  options: InitOptions
) {
  const keys = yield* VaultKeys
  const keyring =
    descriptor.cipher === VaultDescriptor.NO_CIPHER
      ? yield* joinPlain(descriptor, store, options)
      : yield* joinEncrypted(descriptor, store, options)
  if (keyring.encrypted) yield* keys.save(keyring)
  // A founding that died after vault.json was created: its recovery key has not been shown yet. Or a move, and nothing was taken along yet.
  const outcome = yield* begunHere(keyring, options)
  return { outcome, keyring, descriptor, capabilities: null } satisfies Entered as Entered
})

/** A vault without encryption needs no key; a device that holds an encrypted one joins it only when told to. */
const joinPlain = Effect.fnUntraced(function* (
  descriptor: VaultDescriptor.VaultDescriptor,
  store: ObjectStoreService,
  options: InitOptions
) {
  const home = Option.getOrNull(yield* SyncState.homeVault.get)
  // A key kept here says so too: this device may have been in another vault since.
  const kept = yield* Effect.flatMap(VaultKeys, (keys) => keys.load(descriptor.vault))
  if (Option.isSome(kept) || (home !== null && home.encrypted && home.vaultId === descriptor.vault)) {
    const detail = "it says that the vault is not encrypted, but this device knows that it is"
    return yield* new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail })
  }
  if (Option.isSome(options.secrets.key) || Option.isSome(options.secrets.passphrase)) {
    const detail = "this vault is not encrypted, but a key or passphrase was given"
    return yield* new VaultMismatch({
      store: store.display,
      detail,
      hint: "leave the key out, if this is the store you mean"
    })
  }
  if (home !== null && home.encrypted && !options.noEncrypt) {
    const detail = "this vault is not encrypted, and the one that this device belongs to is"
    return yield* new VaultMismatch({ store: store.display, detail, hint: "say --no-encrypt if that is what you want" })
  }
  return plainKeyring(descriptor.vault)
})

const joinEncrypted = (descriptor: VaultDescriptor.VaultDescriptor, store: ObjectStoreService, options: InitOptions) =>
  options.noEncrypt
    ? Effect.fail(
        new VaultMismatch({
          store: store.display,
          detail: "this vault is encrypted, and stays so",
          hint: "leave --no-encrypt out, or choose another prefix for a vault without encryption"
        })
      )
    : Effect.zipRight(
        refuseOlder(formatLocation(options.url.location), descriptor),
        findKeyring(descriptor, options.secrets, store.display)
      )

/** No vault here: this device's own moves in, or a new one is founded. */
const foundOrMove = Effect.fnUntraced(function* (store: ObjectStoreService, options: InitOptions, openWith: OpenWith) {
  if (Option.isSome(options.secrets.key)) {
    return yield* new VaultMismatch({
      store: store.display,
      detail: `there is no vault here, so ${options.secrets.key.value.source} opens nothing`,
      hint: "check bucket and prefix; to make a new vault here, leave the key out"
    })
  }
  if (Option.isSome(options.secrets.passphrase)) yield* strongEnough(options.secrets.passphrase.value)
  const own = yield* ownVault(options, store)
  // A vault.json that is gone is not made anew with a key that is over.
  const known =
    own === null ? null : yield* knownVault({ location: formatLocation(options.url.location), vaultId: own.vaultId })
  if (known !== null && known.newer !== null)
    return yield* new VaultKeyRotated({ store: store.display, ...known.newer })
  if (own === null) yield* refuseStrayManifests(store)
  const capabilities = yield* probe(openWith, formatLocation(options.url.location))
  const keyring = own ?? (yield* newVault(options))
  if (own !== null && (yield* begunHere(own, options)) === "joined") {
    yield* SyncState.founding.put({ location: formatLocation(options.url.location), vaultId: own.vaultId, moved: true })
  }
  const { descriptor, ours } = yield* createDescriptor(yield* openWith(capabilities), keyring, options)
  if (!ours) return yield* join(descriptor, store, options)
  const outcome = own === null ? "founded" : yield* begunHere(keyring, options)
  return { outcome, keyring, descriptor, capabilities } satisfies Entered as Entered
})

/** The vault that this device belongs to, or was about to found here. */
const ownVault = Effect.fnUntraced(function* (options: InitOptions, store: ObjectStoreService) {
  const keys = yield* VaultKeys
  const begun = Option.getOrNull(yield* SyncState.founding.get)
  if (begun !== null && begun.location === formatLocation(options.url.location)) {
    const kept = yield* keys.load(begun.vaultId)
    if (Option.isSome(kept) && !options.noEncrypt) return kept.value
  }
  const home = Option.getOrNull(yield* SyncState.homeVault.get)
  if (home === null) return null
  if (home.encrypted && options.noEncrypt) {
    return yield* new VaultMismatch({
      store: store.display,
      detail: "this device belongs to an encrypted vault, which would move here and stay encrypted",
      hint: "leave --no-encrypt out; or leave that vault first: hx sync reset --forget-key"
    })
  }
  if (!home.encrypted) return plainKeyring(home.vaultId)
  return Option.getOrNull(yield* keys.load(home.vaultId))
})

/** How this vault got into this store: begun by this very device, or joined. */
const begunHere = (keyring: Keyring, options: InitOptions): Effect.Effect<InitReport["outcome"], DbError, HistoryDb> =>
  Effect.map(SyncState.founding.get, (founding) => {
    const begun = Option.getOrNull(founding)
    if (begun?.vaultId !== keyring.vaultId || begun.location !== formatLocation(options.url.location)) return "joined"
    return begun.moved ? "moved" : "founded"
  })

/** Manifests without a vault.json are somebody's vault that lost its descriptor: nothing is founded over them. */
const refuseStrayManifests = Effect.fnUntraced(function* (store: ObjectStoreService) {
  const stray = yield* store.list(MANIFESTS).pipe(
    Stream.runHead,
    // A folder that is not there yet will be made. Of a bucket we would know by now: reading vault.json has failed.
    Effect.catchIf(
      (error) => error.reason === "NoSuchFolder",
      () => Effect.succeedNone
    )
  )
  if (Option.isNone(stray)) return
  const detail =
    "it is gone, though manifests of a vault are there: restore it, or run init on a device that has the vault's key"
  return yield* new ManifestCorrupt({ store: store.display, name: VAULT_DESCRIPTOR, detail })
})

/** The id of a vault that was about to be founded here, and has no key yet. */
const begunWithoutKey = Effect.fnUntraced(function* (options: InitOptions) {
  const begun = Option.getOrNull(yield* SyncState.founding.get)
  if (begun === null || begun.moved || begun.location !== formatLocation(options.url.location)) return null
  const kept = yield* Effect.flatMap(VaultKeys, (keys) => keys.load(begun.vaultId))
  return Option.isNone(kept) ? begun.vaultId : null
})

/** A new vault's id and key; the key is durable before anything is sealed under it. */
const newVault = Effect.fnUntraced(function* (options: InitOptions) {
  const entropy = yield* Entropy
  const keys = yield* VaultKeys
  const vaultId = (yield* begunWithoutKey(options)) ?? (yield* Entropy.hex(16))
  // Noted first, so that no run that is cut off leaves a key that no later one finds.
  yield* SyncState.founding.put({ location: formatLocation(options.url.location), vaultId, moved: false })
  if (options.noEncrypt) return plainKeyring(vaultId)
  const keyring = encryptedKeyring(vaultId, [{ epoch: 1, key: yield* entropy.bytes(KEY_BYTES) }])
  yield* keys.save(keyring)
  return keyring
})

/**
 * Creates vault.json. Gives what stands there then: ours, or the descriptor that somebody else put there. It is read again though its creation
 * succeeded: where a server ignores conditions, two creations at once both do, and the later one stands.
 */
const createDescriptor = Effect.fnUntraced(function* (
  store: ObjectStoreService,
  keyring: Keyring,
  options: InitOptions
) {
  const descriptor = yield* describeVault(keyring, options)
  const condition = store.capabilities.createOnly ? Create : Always
  const failed = yield* store.put(VAULT_DESCRIPTOR, VaultDescriptor.encode(descriptor), { condition }).pipe(
    Effect.as(null),
    Effect.catchIf(
      (error: StoreError) => error.reason === "AlreadyExists" || isAmbiguous(error.reason),
      (error) => Effect.succeed(error)
    )
  )
  return yield* whoseVault(yield* fetchDescriptor(store), descriptor, failed)
})

/** What stands there is what we wrote, another's, or nothing at all. */
const whoseVault = (
  found: VaultDescriptor.VaultDescriptor | null,
  written: VaultDescriptor.VaultDescriptor,
  failed: StoreError | null
) => {
  if (found !== null) return Effect.succeed({ descriptor: found, ours: isSame(found, written) })
  return failed === null ? Effect.succeed({ descriptor: written, ours: true }) : Effect.fail(failed)
}

const isSame = (one: VaultDescriptor.VaultDescriptor, other: VaultDescriptor.VaultDescriptor): boolean =>
  one.vault === other.vault && one.created === other.created && one.mac === other.mac

/** A descriptor for these keys: every epoch again, and the passphrase where one was given. */
const describeVault = Effect.fnUntraced(function* (keyring: Keyring, options: InitOptions) {
  const entropy = yield* Entropy
  const at = yield* nowMicros
  // Where this store had a vault.json that was lost, what was accepted under keys that are over still is.
  const known = yield* knownVault({ location: formatLocation(options.url.location), vaultId: keyring.vaultId })
  const epochs = [...keyring.keys].sort(([a], [b]) => a - b)
  const first = epochs[0]?.[1] ?? null
  let descriptor = VaultDescriptor.create({ vaultId: keyring.vaultId, key: first, at })
  let oldKey = first
  for (const [, newKey] of epochs.slice(1)) {
    const ended = descriptor.epoch
    const accepted = known?.epochs.find(({ epoch }) => epoch === ended)?.accepted ?? []
    const objects = known?.rotations.find(({ epoch }) => epoch === ended)?.objects ?? []
    if (oldKey !== null) descriptor = VaultDescriptor.rotate(descriptor, { oldKey, newKey, accepted, objects, at })
    oldKey = newKey
  }
  if (known !== null) descriptor = VaultDescriptor.above(descriptor, known.sequence, oldKey)
  if (Option.isNone(options.secrets.passphrase) || oldKey === null) return descriptor
  return yield* VaultDescriptor.wrapWithPassphrase(descriptor, oldKey, {
    passphrase: Redacted.value(options.secrets.passphrase.value.text),
    salt: yield* entropy.bytes(VaultDescriptor.PASSPHRASE_SALT_BYTES)
  })
})

/** Remembers the store. Another store, or a vault made anew, begins without cursors, and all that this device knows is published there. */
const bind = Effect.fnUntraced(function* (
  binding: SyncState.StoreBinding,
  { descriptor, outcome }: Entered,
  device: Option.Option<string>
) {
  const db = yield* HistoryDb
  yield* db.transaction(
    Effect.gen(function* () {
      const before = Option.getOrNull(yield* SyncState.binding.get)
      const same = outcome === "joined" && before?.location === binding.location && before.vaultId === binding.vaultId
      if (!same) yield* Effect.zipRight(leave, comeBack(binding))
      yield* SyncState.binding.put(binding)
      if (outcome === "joined") yield* noteArrival(binding)
      yield* rememberVault(binding.location, descriptor)
      yield* SyncState.homeVault.put({
        vaultId: binding.vaultId,
        encrypted: binding.encrypted,
        location: binding.location
      })
      yield* SyncState.founding.remove
      if (outcome !== "joined") yield* db.log.adoptForeign
      if (Option.isSome(device)) yield* db.device.rename(device.value)
    })
  )
})

/** A manifest of ours from before a reset is adopted where the logs agree; a clone's makes us step aside. */
const adoptOwn = Effect.gen(function* () {
  const db = yield* HistoryDb
  const known = yield* SyncState.publication.get
  if (Option.isSome(known) || (yield* db.log.end) === 0) return []
  return yield* readAndSettle({ force: false }).pipe(
    Effect.map((settled) => (settled._tag === "Forked" ? [settled] : [])),
    // In an archive: the first pull settles it, once it can be read.
    Effect.catchIf(
      (error) => error._tag === "StoreError" && error.reason === "Archived",
      () => Effect.succeed([])
    )
  )
})

const describe = Effect.fnUntraced(function* (
  store: ObjectStoreService,
  binding: SyncState.StoreBinding,
  entered: Entered,
  capabilities: StoreCapabilities,
  forks: ReadonlyArray<Forked>
) {
  const db = yield* HistoryDb
  const keys = yield* VaultKeys
  const published = Option.match(yield* SyncState.publication.get, { onNone: () => 0, onSome: (known) => known.last })
  return {
    store: store.display,
    vaultId: binding.vaultId,
    encrypted: binding.encrypted,
    outcome: entered.outcome,
    recoveryKey: entered.outcome === "founded" ? recoveryKeyOf(entered.keyring) : Option.none(),
    keyLocation: binding.encrypted ? Option.some(keys.location(binding.vaultId)) : Option.none(),
    capabilities,
    pending: (yield* db.log.end) - published,
    forks
  } satisfies InitReport as InitReport
})
