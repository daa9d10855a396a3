/** Proving one segment, or one inline tail: everything that its manifest says of it, and that it is what is applied here. */

import { Effect } from "effect"
import { HistoryDb, type OperationRange } from "../db/HistoryDb.ts"
import type { ChainHash } from "../domain/LogChain.ts"
import { type Manifest, type SegmentRef, tailFirst } from "../format/Manifest.ts"
import type { SegmentReader } from "../format/SegmentReader.ts"
import { covers } from "./LogPlan.ts"
import { segmentName } from "./ObjectNames.ts"
import { openSegment, readOperations } from "./SegmentFetch.ts"
import type { Finding, FindingKind, Remedy } from "./VerifyFinding.ts"
import { type LogProof, walkOperations } from "./VerifyOperations.ts"

export interface ProvedPiece {
  readonly findings: ReadonlyArray<Finding>
  /** Entries proved: none where anything is wrong with it. */
  readonly entries: number
}

/** Logs that name it hash on, or cannot. */
export const proveSegment = Effect.fn("VerifyPiece.segment")(function* (
  proofs: ReadonlyArray<LogProof>,
  ref: SegmentRef,
  sealed: Uint8Array,
  onProved: (operations: number) => void
) {
  const device = proofs[0]!.log.device
  const run: Run = {
    proofs,
    name: segmentName(device, ref.id),
    first: ref.first,
    last: ref.last,
    count: ref.count,
    chain: ref.chain
  }
  return yield* openSegment(device, ref, sealed).pipe(
    Effect.flatMap((reader) => proveRun(run, reader, onProved)),
    Effect.map((proved): ProvedPiece =>
      sealed.length === ref.sealed || proved.findings.length > 0
        ? proved
        : { entries: 0, findings: [readable(run, `it has ${sealed.length} bytes; its manifest says ${ref.sealed}`)] }
    ),
    Effect.catchTags({
      EnvelopeError: (error) => lost(run, kindOf(error.reason), error.detail),
      SegmentError: (error) => lost(run, kindOf(error.reason), error.detail),
      SegmentMismatch: (error) => lost(run, "segment", error.detail)
    })
  )
})

export const proveTail = Effect.fn("VerifyPiece.tail")(function* (
  proof: LogProof,
  manifest: Manifest,
  onProved: (operations: number) => void
) {
  const first = tailFirst(manifest)
  const { chain, last } = manifest
  const run: Run = { proofs: [proof], name: proof.log.name, first, last, count: null, chain }
  return yield* readOperations(manifest.tail, proof.log.device).pipe(
    Effect.flatMap((reader) => proveRun(run, reader, onProved)),
    Effect.catchTag("SegmentError", (error) =>
      lost(run, error.reason === "NewerFormat" ? "newer" : "manifest", `its inline tail: ${error.detail}`)
    )
  )
})

/** A finding about operations that cannot be read, or not from where they should be. */
export const findingOf =
  (proofs: ReadonlyArray<LogProof>, name: string, range: OperationRange, entries: number) =>
  (kind: FindingKind, detail: string): Finding => {
    const { device, label, log, own, published } = proofs[0]!.log
    return {
      kind,
      name,
      device,
      label,
      published,
      detail,
      gap: range.first > range.last ? null : range,
      entries,
      held: own || proofs.some(({ log }) => covers(log.applied, range.first, range.last)),
      remedy: remedyFor(kind, own, log !== device),
      log
    }
  }

const remedyFor = (kind: FindingKind, own: boolean, copy: boolean): Remedy => {
  if (kind === "newer") return "upgrade"
  if (kind === "local") return own ? "backup" : "repair"
  if (copy) return "copy"
  return own ? "repair" : "there"
}

interface Run {
  readonly proofs: ReadonlyArray<LogProof>
  readonly name: string
  readonly first: number
  readonly last: number
  /** What its manifest says; null: nothing. */
  readonly count: number | null
  readonly chain: ChainHash
}

const proveRun = Effect.fnUntraced(function* (run: Run, reader: SegmentReader, onProved: (operations: number) => void) {
  const { chain, count, first, last, name, proofs } = run
  const { kept, lacking } = yield* walkOperations(proofs, first, reader, onProved)
  const complete = reader.readable === reader.total
  if (!complete) return yield* lost(run, "newer", `operation ${first + reader.readable} needs a newer hx`)
  const findings: Array<Finding> = []
  if (count !== null && kept !== count)
    findings.push(readable(run, `it holds ${kept} entries; its manifest says ${count}`))
  const astray = proofs.filter((proof) => proof.chain !== null && proof.chain.current !== chain)
  // Once said is enough: the hash runs on.
  for (const proof of astray) proof.chain = null
  if (astray.length > 0) {
    findings.push(readable(run, `its operations are not those that the log's hash at ${last} stands for`))
  } else if (yield* differsHere(run)) {
    findings.push(local(run, `the log in this device's database is another one up to ${last}`, 0))
  }
  if (lacking > 0) {
    findings.push(local(run, `this device's database lacks what it has applied of ${name}`, lacking))
  }
  return { findings, entries: findings.length === 0 ? kept : 0 } satisfies ProvedPiece as ProvedPiece
})

/** Of our own log the database is the truth. */
const differsHere = Effect.fnUntraced(function* ({ chain, last, proofs }: Run) {
  if (!proofs.some(({ log }) => log.own)) return false
  const db = yield* HistoryDb
  return last <= (yield* db.log.end) && (yield* db.log.chainAt(last)) !== chain
})

const rangeOf = ({ first, last }: Run): OperationRange => ({ first, last })

/** It can be read, and is not what it should be. */
const readable = (run: Run, detail: string): Finding => ({
  ...findingOf(run.proofs, run.name, rangeOf(run), 0)("segment", detail),
  gap: null,
  held: null
})

const local = (run: Run, detail: string, entries: number): Finding => ({
  ...findingOf(run.proofs, run.name, rangeOf(run), entries)("local", detail),
  gap: null,
  held: null
})

/** It cannot be read to its end, so that the hash of what follows cannot be told either. */
const lost = (run: Run, kind: FindingKind, detail: string) =>
  Effect.sync((): ProvedPiece => {
    for (const proof of run.proofs) proof.chain = null
    const entries = run.count ?? run.last - run.first + 1
    return { entries: 0, findings: [findingOf(run.proofs, run.name, rangeOf(run), entries)(kind, detail)] }
  })

const kindOf = (reason: string): FindingKind => (reason === "NewerFormat" ? "newer" : "segment")
