/** Reads a segment (Segment.ts), giving its operations one by one. What is hostile costs no more than the bytes it has. */

import type { DeviceId } from "../domain/Device.ts"
import type { EntryId } from "../domain/EntryId.ts"
import type { ForgetWindow } from "../domain/ForgetRule.ts"
import type { Operation } from "../domain/Operation.ts"
import { AddReader } from "./AddReader.ts"
import { ByteReader, MalformedBytes } from "./ByteColumn.ts"
import { EVERY_DEVICE, KIND, MAX_OPERATIONS, SECTIONS, SEGMENT_VERSION, SegmentError } from "./Segment.ts"

export interface SegmentReader extends Iterable<Operation> {
  /** How many operations the segment has, whether their kinds are known or not. */
  readonly total: number
  /** How many of them, from the first on, this hx can read. Fewer than `total` means: needs a newer hx. */
  readonly readable: number
}

/**
 * Reads the frame at once and the operations as they are asked for; each iteration starts from the first. Both throw SegmentError: whoever
 * applies operations as they come must be able to undo it.
 */
export const readSegment = (bytes: Uint8Array, logDevice: DeviceId): SegmentReader =>
  guarded(() => {
    const reader = new ByteReader(bytes)
    const version = reader.byte()
    if (version !== SEGMENT_VERSION) throw new SegmentError({ reason: "NewerFormat", detail: `version ${version}` })
    const sections = Array.from({ length: SECTIONS }, () => reader.block())
    const runs = readKinds(sectionOf(sections, 0))
    const unknown = runs.findIndex(({ kind }) => kind > KIND.purged)
    if (unknown === -1) reader.end()
    const known = unknown === -1 ? runs : runs.slice(0, unknown)
    return {
      total: countOf(runs),
      readable: countOf(known),
      [Symbol.iterator]: () => guardedIterator(operations(sections, logDevice, runs, known))
    }
  })

interface Run {
  readonly kind: number
  readonly length: number
}

const malformed = (detail: string): MalformedBytes => new MalformedBytes(detail)

const guarded = <A>(read: () => A): A => {
  try {
    return read()
  } catch (error) {
    throw error instanceof MalformedBytes ? new SegmentError({ reason: "Malformed", detail: error.message }) : error
  }
}

const guardedIterator = (inner: Iterator<Operation>): Iterator<Operation> => ({
  next: () => guarded(() => inner.next())
})

const sectionOf = (sections: ReadonlyArray<Buffer>, index: number): Buffer => sections[index] as Buffer

const countOf = (runs: ReadonlyArray<Run>): number => runs.reduce((sum, { length }) => sum + length, 0)

const readKinds = (bytes: Buffer): ReadonlyArray<Run> => {
  const reader = new ByteReader(bytes)
  const runs: Array<Run> = []
  let total = 0
  while (reader.remaining > 0) {
    const [kind, length] = [reader.varint(), reader.varint()]
    total += length
    if (kind === 0 || length === 0 || total > MAX_OPERATIONS) throw malformed("a run of operations that cannot be")
    runs.push({ kind, length })
  }
  return runs
}

function* operations(
  sections: ReadonlyArray<Buffer>,
  logDevice: DeviceId,
  runs: ReadonlyArray<Run>,
  known: ReadonlyArray<Run>
): Generator<Operation> {
  const count = countOf(runs.filter(({ kind }) => kind === KIND.add))
  const adds = new AddReader(sections, logDevice, count, countOf(runs))
  const others = new ByteReader(sectionOf(sections, 15))
  for (const { kind, length } of known) {
    for (let index = 0; index < length; index++) {
      if (kind === KIND.add) yield { kind: "add", entry: adds.next() }
      else if (kind === KIND.finish) yield readFinish(others)
      else if (kind === KIND.forget) yield readForget(others)
      else yield { kind: "purged", identity: others.hex(16) }
    }
  }
  if (known.length < runs.length) return
  adds.end()
  others.end()
}

const readOptional = (reader: ByteReader): number | null => {
  const flag = reader.varint()
  if (flag > 1) throw malformed("a flag that is neither 0 nor 1")
  return flag === 0 ? null : reader.signed()
}

const readFinish = (reader: ByteReader): Operation => ({
  kind: "finish",
  id: reader.hex(16) as EntryId,
  exit: readOptional(reader),
  duration: readOptional(reader)
})

const readForget = (reader: ByteReader): Operation => {
  const ids = readIds(reader) as ReadonlyArray<EntryId>
  const twins = readIds(reader)
  const windows = Array.from({ length: countWithin(reader) }, (): ForgetWindow => {
    const [from, to, device] = [reader.signed(), reader.signed(), reader.hex(16)]
    return { from, to, device: device === EVERY_DEVICE ? null : (device as DeviceId) }
  })
  return { kind: "forget", rule: { ids, twins, windows } }
}

const readIds = (reader: ByteReader): ReadonlyArray<string> =>
  Array.from({ length: countWithin(reader) }, () => reader.hex(16))

/** A number of things of at least 16 bytes each: never more than there are bytes for. */
const countWithin = (reader: ByteReader): number => {
  const count = reader.varint()
  if (count * 16 > reader.remaining) throw malformed("cut short")
  return count
}
