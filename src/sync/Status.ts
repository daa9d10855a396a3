/** What `hx sync status` tells: all of it from this device's memory, except whether the store answers. */

import { Clock, Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import type { StoreError } from "../store/StoreError.ts"
import { listManifests } from "./ManifestFetch.ts"
import { pending, type Pending } from "./Push.ts"
import type { KeyNeeded, WrongVaultKey } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { requireBinding, VaultSession } from "./VaultSession.ts"

export interface SyncStatus {
  readonly store: string
  readonly vaultId: string
  readonly encrypted: boolean
  readonly conditionalWrites: boolean
  readonly device: { readonly id: DeviceId; readonly label: string }
  readonly activity: SyncState.Activity
  readonly pending: Pending
  /** What this device has published; null before its first push. */
  readonly published: Published | null
  readonly peers: ReadonlyArray<PeerStatus>
  readonly answer: StoreAnswer
}

export interface Published {
  readonly sequence: number
  /** µs since 1970. */
  readonly at: number
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
}

/** Whether the store answered just now; and how many devices have published since we last read them. */
export type StoreAnswer =
  | { readonly _tag: "NotAsked" }
  | { readonly _tag: "Answered"; readonly milliseconds: number; readonly devices: number; readonly changed: number }
  | { readonly _tag: "Failed"; readonly error: AnswerError }

/** Why nothing could be asked: the store, or what this device needs to ask it. */
export type AnswerError = StoreError | KeyNeeded | WrongVaultKey | PrivateFileError

/** Asks the store with one LIST unless told not to; fails only where this device's own memory does. */
export const status = Effect.fn("Status.read")(function* (options: { readonly ask: boolean }) {
  const db = yield* HistoryDb
  const binding = yield* requireBinding
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const peers = yield* SyncState.allPeers
  return {
    store: binding.location,
    vaultId: binding.vaultId,
    encrypted: binding.encrypted,
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
            operations: known.last,
            segments: known.segments.length,
            bytes: known.segments.reduce((sum, segment) => sum + segment.sealed, 0)
          },
    peers: yield* Effect.forEach(
      [...peers].filter(([, peer]) => !peer.copy),
      ([log, peer]) => peerStatus(log, peer)
    ),
    answer: options.ask ? yield* askStore : NOT_ASKED
  } satisfies SyncStatus as SyncStatus
})

const NOT_ASKED: StoreAnswer = { _tag: "NotAsked" }

const failed = (error: AnswerError) => Effect.succeed<StoreAnswer>({ _tag: "Failed", error })

const peerStatus = Effect.fnUntraced(function* (log: DeviceId, peer: SyncState.PeerState) {
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
    lag: peer.last - applied,
    segments: peer.segments,
    bytes: peer.bytes,
    problem: peer.problem
  }
  return result
})

const askStore = Effect.gen(function* () {
  const db = yield* HistoryDb
  const self = yield* db.device.id
  const peers = yield* SyncState.allPeers
  const began = yield* Clock.currentTimeMillis
  return yield* listManifests.pipe(
    Effect.flatMap((listing) =>
      Effect.map(Clock.currentTimeMillis, (now): StoreAnswer => {
        const others = listing.filter((listed) => listed.device !== self && !listed.isCopy)
        const changed = others.filter((listed) => peers.get(listed.log)?.etag !== listed.info.etag)
        return { _tag: "Answered", milliseconds: now - began, devices: others.length, changed: changed.length }
      })
    ),
    Effect.provide(VaultSession.layer),
    Effect.catchTags({
      StoreError: failed,
      KeyNeeded: failed,
      WrongVaultKey: failed,
      PrivateFileError: failed
    })
  )
})
