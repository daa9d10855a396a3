/** Judging what stands under this device's own name: as a push would (Conflict.ts), without acting on it. */

import { Effect, Option } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Manifest } from "../format/Manifest.ts"
import { archiveClassOf } from "../store/ArchiveClass.ts"
import { decide, type RemoteManifest } from "./Conflict.ts"
import type { FetchedManifest, ListedManifest } from "./ManifestFetch.ts"
import { manifestName } from "./ObjectNames.ts"
import type { Finding, FindingKind, Remedy } from "./VerifyFinding.ts"
import * as SyncState from "./SyncState.ts"

/** `seen`: the highest sequence of ours that any other device has seen. Null: nothing is wrong with it. */
export const judgeOwn = Effect.fn("VerifyOwn.judge")(function* (
  fetched: FetchedManifest,
  listed: ListedManifest | undefined,
  seen: number
) {
  const db = yield* HistoryDb
  const device = yield* db.device.id
  const label = yield* db.device.label
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const found = (kind: FindingKind, detail: string, remedy: Remedy, more: Pick<Finding, "archived"> = {}): Finding => ({
    kind,
    name: manifestName(device),
    device,
    label,
    published: known?.published ?? null,
    detail,
    gap: null,
    entries: kind === "rollback" || kind === "conflict" ? 0 : entriesOf(known),
    held: true,
    remedy,
    ...more
  })
  const newest = Math.max(known?.sequence ?? 0, seen)
  switch (fetched._tag) {
    case "Absent":
      return newest === 0 ? null : found("missing", `it is gone; publication ${newest} had been seen`, "repair")
    case "Archived": {
      const archive = fetched.error.archive ?? archiveClassOf(listed?.info.storageClass) ?? null
      const isOurs = known !== null && listed?.info.etag === known.etag
      const archived = { archive, bytes: listed?.info.size ?? 0, asked: null }
      return found("archived", fetched.detail, isOurs ? "repair" : "restore", { archived })
    }
    case "Unreadable":
      return fetched.newer ? found("newer", fetched.detail, "upgrade") : found("manifest", fetched.detail, "repair")
    case "Found": {
      const { sequence } = fetched.manifest
      const agrees = yield* isOurLog(fetched.manifest)
      const remote: RemoteManifest = { _tag: "Found", sequence, nonce: fetched.manifest.nonce, agrees }
      const decision = decide(known, yield* SyncState.intentsOrNone, remote)
      if (decision._tag === "Fork") {
        return found("conflict", "another installation has published under this device's id", "push")
      }
      if (decision._tag === "RolledBack" && !agrees) {
        return found("conflict", `another installation has published ${sequence} under this device's id`, "force")
      }
      return decision._tag === "RolledBack" || sequence < seen
        ? found("rollback", `it went back to publication ${sequence}; ${newest} had been seen`, "repair")
        : null
    }
  }
})

/** Whether our log has every operation of the manifest. */
const isOurLog = Effect.fnUntraced(function* ({ chain, last }: Manifest) {
  const db = yield* HistoryDb
  return last <= (yield* db.log.end) && (yield* db.log.chainAt(last)) === chain
})

const entriesOf = (known: SyncState.Publication | null): number => {
  if (known === null) return 0
  const inSegments = known.segments.reduce((sum, segment) => sum + segment.count, 0)
  return inSegments + known.last - (known.segments.at(-1)?.last ?? 0)
}
