/**
 * What `hx sync status` tells: all of it from this device's memory, except whether the store answers and what it lists. The store's silence is an
 * answer too: it never makes status fail, and it is not waited for long.
 */

import { Clock, Duration, Effect, Either, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import { serviceOf } from "../store/S3Service.ts"
import { StoreError } from "../store/StoreError.ts"
import { describeLocation, parseStoreUrl, type StoreLocation } from "../store/StoreUrl.ts"
import type { Held } from "./Cost.ts"
import { bytesOf, type Inventory, inventoryOf } from "./Inventory.ts"
import { type KnownVault, knownVault } from "./KnownVault.ts"
import { type ListedManifest, listManifests } from "./ManifestFetch.ts"
import { pending, type Pending } from "./Push.ts"
import { knownRetired } from "./Retirements.ts"
import { nowMicros } from "./SyncClock.ts"
import type { KeyNeeded, VaultKeyRotated, WrongVaultKey } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { type MonthUse, usageOf } from "./Usage.ts"
import { requireBinding, VaultSession } from "./VaultSession.ts"

export interface SyncStatus {
  /** When all this was so: µs since 1970. */
  readonly now: number
  readonly store: string
  /** Which kind of store it is, and the service where it is not Amazon's. */
  readonly place: { readonly kind: StoreLocation["_tag"]; readonly endpoint: string | undefined }
  readonly vaultId: string
  readonly encrypted: boolean
  /** Of an encrypted vault; null also before this hx has read its vault.json. */
  readonly key: KeyStatus | null
  readonly conditionalWrites: boolean
  readonly device: { readonly id: DeviceId; readonly label: string }
  readonly activity: SyncState.Activity
  readonly pending: Pending
  /** What this device has published; null before its first push. */
  readonly published: Published | null
  readonly peers: ReadonlyArray<PeerStatus>
  readonly answer: StoreAnswer
  /** What was asked of this store by month, the current one first; asking for this status is counted. */
  readonly usage: readonly [MonthUse, ...ReadonlyArray<MonthUse>]
}

export interface KeyStatus {
  /** Which of its keys the vault has, as far as this device has proved it; from 1. */
  readonly number: number
  /** When the vault's key was last rotated: ISO 8601, null where it never was. */
  readonly rotated: string | null
  /** A later key, which this device has to be given before it goes on; null where there is none that it knows of. */
  readonly newer: { readonly number: number; readonly rotated: string } | null
  /** Whether a passphrase opens the vault. */
  readonly passphrase: boolean
}

export interface Published {
  readonly sequence: number
  /** µs since 1970. */
  readonly at: number
  /** What is purged does not count, as in what is known of other devices. */
  readonly operations: number
  readonly segments: number
  /** Sealed bytes of its segments. */
  readonly bytes: number
}

export interface PeerStatus {
  readonly device: DeviceId
  readonly label: string
  readonly sequence: number
  /** µs since 1970, by the peer's clock. */
  readonly published: number
  readonly operations: number
  /** Operations of its last known manifest that have not been applied here. */
  readonly lag: number
  readonly segments: number
  readonly bytes: number
  readonly problem: string | null
  /** The device that has taken it over; null where none has. */
  readonly retiredBy: string | null
  /** What the store lists under its name: nothing new, a newer manifest than the one read here, or none at all; null where it was not asked. */
  readonly listed: "same" | "newer" | "gone" | null
}

export type StoreAnswer =
  | { readonly _tag: "NotAsked" }
  | {
      readonly _tag: "Answered"
      readonly milliseconds: number
      /** Devices that have a manifest, this one not counted; and those of them that have published since we last read them. */
      readonly devices: number
      readonly changed: number
      /** Those whose manifest has never been read here. */
      readonly unknown: ReadonlyArray<DeviceId>
      /** What it holds; nothing where that was not asked for. */
      readonly holdings: Option.Option<Either.Either<Inventory, StoreError>>
    }
  | { readonly _tag: "Failed"; readonly error: AnswerError }

/** Why nothing could be asked: the store, or what this device needs to ask it. */
export type AnswerError = StoreError | KeyNeeded | VaultKeyRotated | WrongVaultKey | PrivateFileError

export interface StatusOptions {
  /** With one LIST, for up to a thousand devices. */
  readonly ask: boolean
  /** Also what the store holds: another LIST for each thousand segments. */
  readonly holdings?: boolean
  /** How long each of them may take, retries and all. */
  readonly patience?: Duration.Duration
}

const PATIENCE = Duration.seconds(15)

/** Fails only where this device's own memory does. */
export const status = Effect.fn("Status.read")(function* (options: StatusOptions) {
  const db = yield* HistoryDb
  const binding = yield* requireBinding
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const peers = yield* SyncState.allPeers
  const asked = options.ask ? yield* askStore(binding, options) : NOT_ASKED
  const place = yield* placeOf(binding)
  const retired = yield* knownRetired
  return {
    now: yield* nowMicros,
    store: binding.location,
    place,
    vaultId: binding.vaultId,
    encrypted: binding.encrypted,
    key: keyStatus(yield* knownVault(binding)),
    conditionalWrites: binding.createOnly && binding.ifMatch !== "none",
    device: { id: yield* db.device.id, label: yield* db.device.label },
    activity: yield* SyncState.activityOrNone,
    pending: yield* pending,
    published:
      known === null
        ? null
        : {
            sequence: known.sequence,
            at: known.published,
            operations: known.last - (yield* db.log.everPurged).filter((number) => number <= known.last).length,
            segments: known.segments.length,
            bytes: known.segments.reduce((sum, segment) => sum + segment.sealed, 0)
          },
    peers: yield* Effect.forEach(
      [...peers].filter(([, peer]) => !peer.copy),
      ([log, peer]) => peerStatus(log, peer, asked.listing, retired.get(log)?.label ?? null)
    ),
    answer: asked.answer,
    usage: yield* usageOf(place.name)
  } satisfies SyncStatus as SyncStatus
})

const keyStatus = (known: KnownVault | null): KeyStatus | null =>
  known === null || known.epoch === 0
    ? null
    : {
        number: known.epoch,
        rotated: known.epoch === 1 ? null : known.since,
        newer: known.newer === null ? null : { number: known.newer.epoch, rotated: known.newer.at },
        passphrase: known.passphrase
      }

/** What of the store costs money: listed just now, or as far as manifests that were read here name it. */
export const heldBytes = ({ answer, peers, published }: SyncStatus): Held => {
  const holdings = answer._tag === "Answered" ? answer.holdings : Option.none()
  if (Option.isSome(holdings) && Either.isRight(holdings.value)) {
    return { basis: "asked", bytes: bytesOf(holdings.value.right) }
  }
  return { basis: "remembered", bytes: peers.reduce((sum, peer) => sum + peer.bytes, published?.bytes ?? 0) }
}

interface Asked {
  readonly answer: StoreAnswer
  readonly listing: ReadonlyArray<ListedManifest> | null
}

const NOT_ASKED: Asked = { answer: { _tag: "NotAsked" }, listing: null }

const peerStatus = Effect.fnUntraced(function* (
  log: DeviceId,
  peer: SyncState.PeerState,
  listing: Asked["listing"],
  retiredBy: string | null
) {
  const db = yield* HistoryDb
  const applied = (yield* db.peers.ranges(log)).reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.last, peer.last) - range.first + 1),
    0
  )
  const result: PeerStatus = {
    device: log,
    label: peer.label,
    sequence: peer.sequence,
    published: peer.published,
    operations: peer.operations,
    // Nobody reads what it publishes after that.
    lag: retiredBy === null ? peer.last - applied : 0,
    segments: peer.segments,
    bytes: peer.bytes,
    problem: peer.problem,
    retiredBy,
    listed: listing === null ? null : listedAs(log, peer, listing)
  }
  return result
})

/** An ETag is remembered only of what was read to its end, so one that is behind counts as newer too: there is something to pull. */
const listedAs = (log: DeviceId, peer: SyncState.PeerState, listing: ReadonlyArray<ListedManifest>) => {
  const listed = listing.find((each) => each.log === log)
  if (listed === undefined) return "gone"
  return listed.info.etag === peer.etag ? "same" : "newer"
}

const askStore = (binding: SyncState.StoreBinding, { holdings = false, patience = PATIENCE }: StatusOptions) =>
  Effect.gen(function* () {
    const db = yield* HistoryDb
    const self = yield* db.device.id
    const peers = yield* SyncState.allPeers
    const { store } = yield* VaultSession
    const began = yield* Clock.currentTimeMillis
    const listing = yield* within(patience, binding)(listManifests)
    const milliseconds = (yield* Clock.currentTimeMillis) - began
    const retired = yield* knownRetired
    const others = listing.filter((listed) => listed.device !== self && !listed.isCopy && !retired.has(listed.device))
    const held = inventoryOf(store, Stream.fromIterable(listing.map(({ info }) => info)))
    const answer: StoreAnswer = {
      _tag: "Answered",
      milliseconds,
      devices: others.length,
      changed: others.filter((listed) => peers.get(listed.log)?.etag !== listed.info.etag).length,
      unknown: others.flatMap(({ device }) => ((peers.get(device)?.sequence ?? 0) === 0 ? [device] : [])),
      holdings: holdings ? Option.some(yield* Effect.either(within(patience, binding)(held))) : Option.none()
    }
    const asked: Asked = { answer, listing }
    return asked
  }).pipe(
    Effect.provide(VaultSession.layer),
    Effect.catchTags({
      StoreError: failed,
      KeyNeeded: failed,
      VaultKeyRotated: failed,
      WrongVaultKey: failed,
      PrivateFileError: failed
    })
  )

const failed = (error: AnswerError) => Effect.succeed<Asked>({ answer: { _tag: "Failed", error }, listing: null })

/** Whoever looks at the status of a store that does not answer wants to know just that. */
const within = (patience: Duration.Duration, binding: SyncState.StoreBinding) =>
  Effect.timeoutFail({
    duration: patience,
    onTimeout: () =>
      new StoreError({
        reason: "TimedOut",
        operation: "list",
        subject: binding.location,
        detail: `no answer within ${Duration.format(patience)}`
      })
  })

const placeOf = Effect.fnUntraced(function* (binding: SyncState.StoreBinding) {
  const parsed = parseStoreUrl(binding.location, { home: "/", workingDirectory: "/" })
  if (Either.isLeft(parsed)) return { kind: "Folder", endpoint: undefined, name: binding.location } as const
  const { location } = parsed.right
  const name = describeLocation(location)
  if (location._tag === "Folder") return { kind: "Folder", endpoint: undefined, name } as const
  // A variable may name another service; one that cannot be is reported by whoever opens the store.
  const endpoint = yield* serviceOf(location).pipe(
    Effect.map((service) => service.endpoint),
    Effect.orElseSucceed(() => location.endpoint)
  )
  return { kind: "S3", endpoint: Option.getOrUndefined(endpoint), name } as const
})
