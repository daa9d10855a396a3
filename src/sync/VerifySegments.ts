/**
 * The second half of verifying: every segment that a manifest names is fetched once, opened, and held against what the manifest says of it.
 *
 * Segments are fetched several at a time, in the order of their log, since its hash runs on; and opened one at a time. So memory holds as much as in a
 * pull, however long the history is.
 */

import { Effect, Stream } from "effect"
import { type Meter, meterTransfer, Progress } from "../platform/Progress.ts"
import { archivedDetail } from "./Archived.ts"
import { fetchManifest } from "./ManifestFetch.ts"
import { segmentName } from "./ObjectNames.ts"
import { downloadSegment } from "./SegmentFetch.ts"
import type { ArchivedObject } from "./SyncError.ts"
import { SyncTuning } from "./SyncTuning.ts"
import type { Finding } from "./VerifyFinding.ts"
import type { ReadLog } from "./VerifyManifests.ts"
import type { LogProof } from "./VerifyOperations.ts"
import { groupsOf, type LogGroup, type Piece, piecesOf, sizeOf } from "./VerifyPieces.ts"
import { findingOf, proveSegment, proveTail } from "./VerifyPiece.ts"

export interface ProvedLogs {
  readonly findings: ReadonlyArray<Finding>
  /** Names of segments that are whole, and of those that are archived. */
  readonly proved: ReadonlySet<string>
  readonly archived: ReadonlySet<string>
  /** All segments that the manifests name, as they were read last. */
  readonly named: ReadonlySet<string>
  /** Segments that came, and their sealed bytes. */
  readonly read: number
  readonly bytes: number
  /** Entries proved. */
  readonly entries: number
}

/** How often a manifest is read again because a segment it names is gone: its owner had just rewritten it. */
const MAX_ROUNDS = 4

export const proveLogs = Effect.fn("VerifySegments.prove")(function* (logs: ReadonlyArray<ReadLog>) {
  const progress = yield* Progress
  const proofs = yield* progress.during("Verifying", "entries", (meter) => proveAll(groupsOf(logs), meter))
  const names = (of: (proof: GroupProof) => ReadonlySet<string>) => new Set(proofs.flatMap((each) => [...of(each)]))
  return {
    findings: proofs.flatMap(({ findings }) => findings),
    proved: names(({ proved }) => proved),
    archived: names(({ archived }) => archived),
    named: new Set([...names(({ named }) => named), ...logs.flatMap(namesIn)]),
    read: proofs.reduce((sum, { read }) => sum + read, 0),
    bytes: proofs.reduce((sum, { bytes }) => sum + bytes, 0),
    entries: proofs.reduce((sum, { entries }) => sum + entries, 0)
  } satisfies ProvedLogs as ProvedLogs
})

/** What the logs of one device came to. */
interface GroupProof {
  readonly group: LogGroup
  readonly findings: Array<Finding>
  readonly proved: Set<string>
  readonly archived: Set<string>
  readonly named: ReadonlySet<string>
  /** Logs that name a segment which is gone. */
  readonly gone: Set<LogProof>
  read: number
  bytes: number
  entries: number
}

const proveAll = Effect.fnUntraced(function* (groups: ReadonlyArray<LogGroup>, meter: Meter) {
  const settled: Array<GroupProof> = []
  let waiting = groups
  for (let round = 1; waiting.length > 0; round++) {
    const proofs = yield* proveGroups(waiting, meter)
    const rewritten = yield* Effect.forEach(proofs, (proof) =>
      round === MAX_ROUNDS ? Effect.succeed(null) : readAgain(proof)
    )
    settled.push(...proofs.filter((_, index) => rewritten[index] === null))
    waiting = groupsOf(rewritten.flatMap((logs) => logs ?? []))
  }
  return settled
})

const proveGroups = Effect.fnUntraced(function* (groups: ReadonlyArray<LogGroup>, meter: Meter) {
  const { concurrentDownloads } = yield* SyncTuning
  const proofs = new Map(groups.map((group) => [group, begun(group)]))
  const pieces = groups.flatMap(piecesOf)
  const sizes = pieces.map(sizeOf)
  meter.expect(
    sizes.reduce((sum, { operations }) => sum + operations, 0),
    sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  )
  yield* Stream.fromIterable(pieces).pipe(
    Stream.mapEffect((piece) => Effect.map(fetchPiece(piece, meter), (fetched) => ({ piece, fetched })), {
      concurrency: concurrentDownloads
    }),
    Stream.runForEach(({ fetched, piece }) =>
      provePiece(proofs.get(piece.group) ?? begun(piece.group), piece, fetched, meter)
    )
  )
  return [...proofs.values()]
})

const begun = (group: LogGroup): GroupProof => ({
  group,
  findings: [],
  proved: new Set(),
  archived: new Set(),
  named: new Set(group.proofs.flatMap(({ log }) => namesIn(log))),
  gone: new Set(),
  read: 0,
  bytes: 0,
  entries: 0
})

const namesIn = ({ device, segments }: ReadLog): ReadonlyArray<string> =>
  segments.map(({ id }) => segmentName(device, id))

type Fetched =
  | { readonly _tag: "Came"; readonly sealed: Uint8Array }
  | { readonly _tag: "Inline" }
  | { readonly _tag: "Gone" }
  | { readonly _tag: "Archived"; readonly detail: string; readonly archived: ArchivedObject }
  | { readonly _tag: "TooLarge"; readonly detail: string }

const fetchPiece = (piece: Piece, meter: Meter) => {
  if (piece._tag === "Tail") return Effect.succeed<Fetched>({ _tag: "Inline" })
  const { group, ref } = piece
  const bytes = meterTransfer(meter, 0, ref.sealed)
  return downloadSegment(group.device, ref, bytes).pipe(
    Effect.map((sealed): Fetched => ({ _tag: "Came", sealed })),
    Effect.catchTag("StoreError", (error) => {
      const { archive = null, detail = "it is too large", reason } = error
      if (reason === "Absent") return Effect.succeed<Fetched>({ _tag: "Gone" })
      if (reason === "TooLarge") return Effect.succeed<Fetched>({ _tag: "TooLarge", detail })
      if (reason !== "Archived") return Effect.fail(error)
      const archived = { archive, bytes: ref.sealed, asked: null }
      return Effect.succeed<Fetched>({ _tag: "Archived", detail: archivedDetail(archive ?? undefined), archived })
    }),
    Effect.tap(() => Effect.sync(() => bytes(ref.sealed)))
  )
}

const provePiece = Effect.fnUntraced(function* (proof: GroupProof, piece: Piece, fetched: Fetched, meter: Meter) {
  let left = sizeOf(piece).operations
  const onProved = (operations: number) => {
    meter.advance(operations)
    left -= operations
  }
  yield* settlePiece(proof, piece, fetched, onProved).pipe(Effect.ensuring(Effect.sync(() => meter.leaveOut(left))))
})

const settlePiece = Effect.fnUntraced(function* (
  proof: GroupProof,
  piece: Piece,
  fetched: Fetched,
  onProved: (operations: number) => void
) {
  if (piece._tag === "Tail") {
    const { entries, findings } = yield* proveTail(piece.proof, piece.manifest, onProved)
    proof.entries += entries
    proof.findings.push(...findings)
    return
  }
  const { group, proofs, ref } = piece
  const name = segmentName(group.device, ref.id)
  if (fetched._tag === "Came") {
    proof.read++
    proof.bytes += fetched.sealed.length
    const { entries, findings } = yield* proveSegment(proofs, ref, fetched.sealed, onProved)
    proof.entries += entries
    proof.findings.push(...findings)
    if (findings.every(({ kind }) => kind === "local")) proof.proved.add(name)
    return
  }
  for (const each of proofs) each.chain = null
  const finding = findingOf(proofs, name, { first: ref.first, last: ref.last }, ref.count)
  switch (fetched._tag) {
    case "Gone":
      for (const each of proofs) proof.gone.add(each)
      return void proof.findings.push(finding("missing", "it is gone"))
    case "Archived":
      proof.archived.add(name)
      return void proof.findings.push({
        ...finding("archived", fetched.detail),
        remedy: "restore",
        archived: fetched.archived
      })
    case "TooLarge":
      return void proof.findings.push(finding("segment", fetched.detail))
  }
})

/** The logs as they are now, where one that names what is gone has been published again since; null where nothing explains it. */
const readAgain = Effect.fnUntraced(function* ({ gone, group }: GroupProof) {
  let news = false
  const logs = yield* Effect.forEach(group.proofs, (proof) =>
    Effect.gen(function* () {
      const { log } = proof
      if (!gone.has(proof) || log.own || log.manifest === null) return log
      const again = yield* fetchManifest(log.name, log.device)
      if (again._tag !== "Found" || again.manifest.sequence <= log.manifest.sequence) return log
      news = true
      const { label, published, segments } = again.manifest
      return { ...log, label, published, segments, manifest: again.manifest }
    })
  )
  return news ? logs : null
})
