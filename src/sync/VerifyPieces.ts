/** What of a device's logs has to be read, in the order in which it has to be proved. Pure. */

import type { DeviceId } from "../domain/Device.ts"
import { type Manifest, type SegmentRef, tailFirst } from "../format/Manifest.ts"
import type { ReadLog } from "./VerifyManifests.ts"
import { beginProof, type LogProof } from "./VerifyOperations.ts"

/** The logs of one device: its manifest, conflict copies of it, and of this one what it remembers. They may name the same segments. */
export interface LogGroup {
  readonly device: DeviceId
  readonly proofs: ReadonlyArray<LogProof>
}

/** One object, or the inline tail of a manifest that was read already. */
export type Piece =
  | {
      readonly _tag: "Segment"
      readonly group: LogGroup
      readonly ref: SegmentRef
      /** All that name it in the same words. */
      readonly proofs: ReadonlyArray<LogProof>
    }
  | { readonly _tag: "Tail"; readonly group: LogGroup; readonly manifest: Manifest; readonly proof: LogProof }

export const groupsOf = (logs: ReadonlyArray<ReadLog>): ReadonlyArray<LogGroup> => {
  const byDevice = new Map<DeviceId, Array<LogProof>>()
  for (const log of logs) byDevice.set(log.device, [...(byDevice.get(log.device) ?? []), beginProof(log)])
  return [...byDevice].map(([device, proofs]) => ({ device, proofs }))
}

/** Each segment once; of every log its segments in order, and its tail after them. */
export const piecesOf = (group: LogGroup): ReadonlyArray<Piece> => {
  const named = new Map<string, { readonly ref: SegmentRef; readonly proofs: Array<LogProof> }>()
  for (const proof of group.proofs) {
    for (const ref of proof.log.segments) {
      const words = wordsOf(ref)
      const known = named.get(words)
      if (known === undefined) named.set(words, { ref, proofs: [proof] })
      else known.proofs.push(proof)
    }
  }
  const segments = [...named.values()]
    .sort((a, b) => a.ref.first - b.ref.first)
    .map(({ proofs, ref }): Piece => ({ _tag: "Segment", group, ref, proofs }))
  const tails = group.proofs.flatMap((proof): ReadonlyArray<Piece> => {
    const { manifest } = proof.log
    return manifest === null ? [] : [{ _tag: "Tail", group, manifest, proof }]
  })
  return [...segments, ...tails]
}

/** Operations in it, and sealed bytes still to be fetched. */
export const sizeOf = (piece: Piece): { readonly operations: number; readonly bytes: number } =>
  piece._tag === "Segment"
    ? { operations: piece.ref.last - piece.ref.first + 1, bytes: piece.ref.sealed }
    : { operations: piece.manifest.last - tailFirst(piece.manifest) + 1, bytes: 0 }

const wordsOf = ({ chain, count, first, id, last, sealed, sha256, size }: SegmentRef): string =>
  [id, first, last, count, size, sealed, sha256, chain].join(" ")
