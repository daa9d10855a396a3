/** What stands in the store under the key that is about to end, as far as this device believes it: one LIST, and one GET a manifest. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { AcceptedObject, AcceptedSequence } from "../format/VaultDescriptor.ts"
import { Progress } from "../platform/Progress.ts"
import { fetchManifest, type ListedManifest, listManifests } from "./ManifestFetch.ts"
import { highestOf } from "./Seen.ts"
import type { Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"

export interface Accepted {
  readonly accepted: ReadonlyArray<AcceptedSequence>
  readonly objects: ReadonlyArray<AcceptedObject>
  readonly problems: ReadonlyArray<Problem>
}

type Verdict =
  | { readonly _tag: "Accepted"; readonly sequence: AcceptedSequence; readonly object: AcceptedObject | null }
  /** Under a key that had ended before: accepted since then, or never to be. */
  | { readonly _tag: "Ended" }
  | { readonly _tag: "Doubted"; readonly problem: Problem }

/** A device whose manifest is doubted has to publish again before it is believed; what was pulled of it stays. */
export const acceptedNow = Effect.gen(function* () {
  const progress = yield* Progress
  const { concurrentDownloads } = yield* SyncTuning
  const listing = yield* listManifests
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const known = yield* SyncState.allPeers
  const seen = highestOf([...known.values()].map((peer) => peer.seen))
  const verdicts = yield* progress.during("Reading manifests", "manifests", (meter) => {
    meter.expect(listing.length)
    return Effect.forEach(
      listing,
      (listed) =>
        Effect.tap(
          judge(listed, known.get(listed.log), listed.device === self ? 0 : (seen.get(listed.device) ?? 0)),
          () => Effect.sync(() => meter.advance(1))
        ),
      { concurrency: concurrentDownloads }
    )
  })
  const accepted = verdicts.flatMap((verdict) => (verdict._tag === "Accepted" ? [verdict] : []))
  return {
    accepted: accepted.map(({ sequence }) => sequence).sort(byDevice),
    objects: accepted.flatMap(({ object }) => (object === null ? [] : [object])).sort(byDevice),
    problems: verdicts.flatMap((verdict) => (verdict._tag === "Doubted" ? [verdict.problem] : []))
  } satisfies Accepted as Accepted
})

const judge = Effect.fnUntraced(function* (
  listed: ListedManifest,
  known: SyncState.PeerState | undefined,
  seen: number
) {
  const { keyring } = yield* VaultSession
  const { device, info } = listed
  const doubt = (detail: string): Verdict => ({
    _tag: "Doubted",
    problem: { kind: "manifest", device: known?.label ?? device, name: info.name, detail }
  })
  const fetched = yield* fetchManifest(info.name, device)
  if (fetched._tag === "Archived" && known !== undefined && known.etag === info.etag) {
    const { sequence } = known
    return { _tag: "Accepted", sequence: { device, sequence }, object: null } satisfies Verdict as Verdict
  }
  if (fetched._tag === "Absent") return doubt("it was listed, but cannot be read")
  if (fetched._tag !== "Found") return doubt(fetched.detail)
  const { manifest, sha256 } = fetched
  if (manifest.epoch < keyring.epoch) return { _tag: "Ended" } satisfies Verdict as Verdict
  const newest = listed.isCopy ? 0 : Math.max(known?.sequence ?? 0, seen > (known?.forgiven ?? 0) ? seen : 0)
  if (manifest.sequence < newest) {
    return doubt(`it went back to publication ${manifest.sequence}; ${newest} had been seen`)
  }
  const verdict: Verdict = {
    _tag: "Accepted",
    sequence: { device, sequence: manifest.sequence },
    object: { device, sha256 }
  }
  return verdict
})

const byDevice = (a: { readonly device: string }, b: { readonly device: string }): number =>
  a.device < b.device ? -1 : a.device > b.device ? 1 : 0
