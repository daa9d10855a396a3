/**
 * The keys kept on this device: one 0600 file per vault, a recovery key a line, one for each epoch; and, while a rotation is under way, the
 * key that it has made, in a file of its own. The file is what `hx sync key` shows, so it
 * can be read, copied and used as --key-file by hand.
 */

import { Context, Effect, Either, Layer, Option } from "effect"
import { isVaultId, type Keyring, plainKeyring } from "../format/Keyring.ts"
import { format, matches, parse, type RecoveryKey } from "../format/RecoveryKey.ts"
import { Paths } from "../platform/Paths.ts"
import { type PrivateFileError, readPrivate, removePrivate, writePrivate } from "../platform/PrivateFile.ts"
import { KeyNeeded, WrongVaultKey } from "./SyncError.ts"

export interface EpochKey {
  readonly epoch: number
  readonly key: Uint8Array
}

export interface VaultKeysService {
  /** The keys kept for a vault, by ascending epoch; none where this device has never joined it. */
  readonly load: (vaultId: string) => Effect.Effect<Option.Option<Keyring>, WrongVaultKey | PrivateFileError>
  /** Durable when it returns: keys are written before anything is sealed under them. */
  readonly save: (keyring: Keyring) => Effect.Effect<void, PrivateFileError>
  /** Also the key that a rotation had made. */
  readonly forget: (vaultId: string) => Effect.Effect<void, PrivateFileError>
  /** The key that a rotation has made and not finished with; durable before vault.json names it. Null removes it. */
  readonly next: (vaultId: string) => Effect.Effect<Option.Option<EpochKey>, WrongVaultKey | PrivateFileError>
  readonly saveNext: (vaultId: string, key: EpochKey | null) => Effect.Effect<void, PrivateFileError>
  /** What opens this vault: nothing for one without encryption, else the keys kept here. */
  readonly keyring: (
    vaultId: string,
    encrypted: boolean
  ) => Effect.Effect<Keyring, WrongVaultKey | KeyNeeded | PrivateFileError>
  /** Where a vault's keys are kept, for people. */
  readonly location: (vaultId: string) => string
}

export class VaultKeys extends Context.Tag("hx/VaultKeys")<VaultKeys, VaultKeysService>() {
  static readonly layer = Layer.effect(
    VaultKeys,
    Effect.map(Paths, (paths) => make((vaultId) => paths.keys(vaultId)))
  )

  /** Keeps keys in memory; for simulations. */
  static readonly layerMemory = Layer.sync(VaultKeys, () => {
    const kept = new Map<string, Keyring>()
    const next = new Map<string, EpochKey>()
    return withKeyring({
      load: (vaultId) => Effect.sync(() => Option.fromNullable(kept.get(vaultId))),
      save: (keyring) => Effect.sync(() => void kept.set(keyring.vaultId, keyring)),
      forget: (vaultId) => Effect.sync(() => void (kept.delete(vaultId), next.delete(vaultId))),
      next: (vaultId) => Effect.sync(() => Option.fromNullable(next.get(vaultId))),
      saveNext: (vaultId, key) =>
        Effect.sync(() => void (key === null ? next.delete(vaultId) : next.set(vaultId, key))),
      location: (vaultId) => `memory:${vaultId}`
    })
  })
}

/** The recovery key of the newest epoch: what another device needs to join. */
export const recoveryKeyOf = (keyring: Keyring): Option.Option<string> =>
  Option.map(Option.fromNullable(keyring.keys.get(keyring.epoch)), (key) => format(key, keyring.epoch, keyring.vaultId))

/** A keyring of the given keys; the highest epoch is the newest. */
export const encryptedKeyring = (vaultId: string, keys: ReadonlyArray<EpochKey>): Keyring => ({
  vaultId,
  encrypted: true,
  epoch: Math.max(...keys.map((each) => each.epoch)),
  keys: new Map(keys.map((each) => [each.epoch, each.key]))
})

/** Reads recovery keys, one a line; blank lines and lines that begin with # are passed over. */
export const parseKeyLines = (text: string, source: string): Effect.Effect<ReadonlyArray<RecoveryKey>, WrongVaultKey> =>
  Effect.forEach(
    text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#")),
    (line) => Either.mapLeft(parse(line), (error) => new WrongVaultKey({ source, detail: error.detail }))
  ).pipe(
    Effect.filterOrFail(
      (keys) => keys.length > 0,
      () => new WrongVaultKey({ source, detail: "it holds no recovery key" })
    )
  )

const make = (locate: (vaultId: string) => string): VaultKeysService =>
  withKeyring({
    location: locate,
    load: Effect.fn("VaultKeys.load")(function* (vaultId) {
      if (!isVaultId(vaultId)) return Option.none<Keyring>()
      const keys = yield* readKeys(locate(vaultId), vaultId)
      return keys.length === 0 ? Option.none<Keyring>() : Option.some(encryptedKeyring(vaultId, keys))
    }),
    save: Effect.fn("VaultKeys.save")(function* (keyring) {
      const lines = [...keyring.keys]
        .sort(([a], [b]) => a - b)
        .map(([epoch, key]) => `${format(key, epoch, keyring.vaultId)}\n`)
      yield* writePrivate(locate(keyring.vaultId), lines.join(""))
    }),
    forget: (vaultId) =>
      isVaultId(vaultId)
        ? Effect.zipRight(removePrivate(nextOf(locate(vaultId))), removePrivate(locate(vaultId)))
        : Effect.void,
    next: (vaultId) =>
      Effect.map(readKeys(nextOf(locate(vaultId)), vaultId), (keys) => Option.fromNullable(keys.at(-1))),
    saveNext: (vaultId, key) =>
      key === null
        ? removePrivate(nextOf(locate(vaultId)))
        : writePrivate(nextOf(locate(vaultId)), `${format(key.key, key.epoch, vaultId)}\n`)
  })

const nextOf = (path: string): string => `${path}.next`

/** The keys in a file; none where there is no such file. */
const readKeys = Effect.fnUntraced(function* (path: string, vaultId: string) {
  const bytes = yield* readPrivate(path)
  if (Option.isNone(bytes)) return []
  const keys = yield* parseKeyLines(Buffer.from(bytes.value).toString("utf8"), path)
  if (!keys.every((key) => matches(key, vaultId))) {
    return yield* new WrongVaultKey({ source: path, detail: "it holds another vault's key" })
  }
  return keys
})

const withKeyring = (kept: Omit<VaultKeysService, "keyring">): VaultKeysService => ({
  ...kept,
  keyring: (vaultId, encrypted) =>
    encrypted
      ? Effect.flatMap(
          kept.load(vaultId),
          Option.match({
            onNone: () => Effect.fail(new KeyNeeded({ store: kept.location(vaultId), passphraseSet: false })),
            onSome: Effect.succeed
          })
        )
      : Effect.succeed(plainKeyring(vaultId))
})
