/** Reads segments (Segment.ts), giving operations one by one; what is hostile costs no more than the bytes it has. */

import { isUtf8 } from "node:buffer"
import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { type Entry, LIVE } from "../domain/Entry.ts"
import { derivedId, type EntryId } from "../domain/EntryId.ts"
import type { ForgetWindow } from "../domain/ForgetRule.ts"
import type { Operation } from "../domain/Operation.ts"
import { ByteReader, MalformedBytes } from "./ByteColumn.ts"
import {
  EVERY_DEVICE,
  KIND,
  MAX_OPERATIONS,
  SECOND,
  SECTIONS,
  SEGMENT_VERSION,
  SegmentError,
  SHAPE,
  TEXT_END
} from "./Segment.ts"

export interface SegmentReader extends Iterable<Operation> {
  /** How many operations the segment has, whether we know their kinds or not. */
  readonly total: number
  /** How many of them, from the first on, this hx can read. Fewer than `total` means: needs a newer hx. */
  readonly readable: number
}

/**
 * Reads the frame and the lists at once, the operations as they are asked for; each iteration starts from the first. Both throw SegmentError:
 * whoever applies operations as they come must be able to undo it.
 */
export const readSegment = (bytes: Uint8Array, logDevice: DeviceId): SegmentReader =>
  guarded(() => {
    const reader = new ByteReader(bytes)
    const version = reader.byte()
    if (version !== SEGMENT_VERSION) throw new SegmentError({ reason: "NewerFormat", detail: `version ${version}` })
    const sections = Array.from({ length: SECTIONS }, () => reader.block())
    const runs = readKinds(section(sections, 0))
    const unknown = runs.findIndex(({ kind }) => kind > KIND.purged)
    if (unknown === -1) reader.end()
    const known = unknown === -1 ? runs : runs.slice(0, unknown)
    const shared = readLists(sections, logDevice)
    return {
      total: countOf(runs),
      readable: countOf(known),
      [Symbol.iterator]: () => guardedIterator(operations(sections, shared, known, unknown === -1))
    }
  })

interface Run {
  readonly kind: number
  readonly length: number
}

interface Context {
  readonly session: string | null
  readonly host: string | null
  readonly user: string | null
  readonly shell: string | null
  readonly origin: string
  readonly device: DeviceId
}

interface Lists {
  readonly repeated: number
  readonly commands: ReadonlyArray<string>
  readonly contexts: ReadonlyArray<Context>
  readonly directories: ReadonlyArray<string>
}

const malformed = (detail: string): SegmentError => new SegmentError({ reason: "Malformed", detail })

const guarded = <A>(read: () => A): A => {
  try {
    return read()
  } catch (error) {
    throw error instanceof MalformedBytes ? malformed(error.message) : error
  }
}

const guardedIterator = (inner: Iterator<Operation>): Iterator<Operation> => ({
  next: () => guarded(() => inner.next())
})

const section = (sections: ReadonlyArray<Buffer>, index: number): Buffer => sections[index] as Buffer

const countOf = (runs: ReadonlyArray<Run>): number => runs.reduce((sum, { length }) => sum + length, 0)

const readKinds = (bytes: Buffer): ReadonlyArray<Run> => {
  const reader = new ByteReader(bytes)
  const runs: Array<Run> = []
  let total = 0
  while (reader.remaining > 0) {
    const kind = reader.varint()
    const length = reader.varint()
    total += length
    if (kind === 0 || length === 0 || total > MAX_OPERATIONS) throw malformed("a run of operations that cannot be")
    runs.push({ kind, length })
  }
  return runs
}

const readTexts = (bytes: Buffer): ReadonlyArray<string> => {
  const texts: Array<string> = []
  let from = 0
  while (from < bytes.length) {
    const end = bytes.indexOf(TEXT_END, from)
    if (end === -1) throw malformed("a text without its end")
    const text = bytes.subarray(from, end)
    if (!isUtf8(text)) throw malformed("text that is not UTF-8")
    texts.push(text.toString("utf8"))
    from = end + 1
  }
  return texts
}

const readLists = (sections: ReadonlyArray<Buffer>, logDevice: DeviceId): Lists => {
  const commandSection = new ByteReader(section(sections, 1))
  const repeated = commandSection.varint()
  const commands = readTexts(commandSection.bytes(commandSection.remaining))
  if (repeated > commands.length) throw malformed("more repeated commands than commands")
  return {
    repeated,
    commands,
    contexts: readContexts(section(sections, 4), readTexts(section(sections, 3)), logDevice),
    directories: readTexts(section(sections, 6))
  }
}

const readContexts = (bytes: Buffer, terms: ReadonlyArray<string>, logDevice: DeviceId): ReadonlyArray<Context> => {
  const reader = new ByteReader(bytes)
  const term = (): string | null => {
    const number = reader.varint()
    return number === 0 ? null : at(terms, number - 1)
  }
  const contexts: Array<Context> = []
  while (reader.remaining > 0) {
    const [session, host, user, shell, origin, device] = [term(), term(), term(), term(), term(), term() ?? logDevice]
    if (origin === null || !isDeviceId(device)) throw malformed("a context without origin or with no device")
    contexts.push({ session, host, user, shell, origin, device })
  }
  return contexts
}

const at = <A>(list: ReadonlyArray<A>, index: number): A => {
  if (index >= list.length) throw malformed("a number beyond its list")
  return list[index] as A
}

function* operations(
  sections: ReadonlyArray<Buffer>,
  lists: Lists,
  runs: ReadonlyArray<Run>,
  complete: boolean
): Generator<Operation> {
  const adds = new AddReader(sections, lists)
  const others = new ByteReader(section(sections, 16))
  for (const { kind, length } of runs) {
    for (let index = 0; index < length; index++) {
      if (kind === KIND.add) yield { kind: "add", entry: adds.next() }
      else if (kind === KIND.finish) yield readFinish(others)
      else if (kind === KIND.forget) yield readForget(others)
      else yield { kind: "purged", identity: others.hex(16) }
    }
  }
  if (!complete) return
  adds.end()
  others.end()
}

class AddReader {
  private readonly lists: Lists
  private readonly commandRefs: ByteReader
  private readonly contextRefs: ByteReader
  private readonly directoryRefs: ByteReader
  private readonly shapes: ByteReader
  private readonly starts: ByteReader
  private readonly startMicros: PlaneReader
  private readonly durations: ByteReader
  private readonly durationMicros: PlaneReader
  private readonly exits: ByteReader
  private readonly ordinals: ByteReader
  private readonly ids: ByteReader
  private once: number
  private context = -1
  private readonly states: Array<{ cwd: string | null; ordinal: number }> = []
  private lastStart = 0

  constructor(sections: ReadonlyArray<Buffer>, lists: Lists) {
    const column = (index: number): ByteReader => new ByteReader(section(sections, index))
    this.lists = lists
    this.once = lists.repeated
    this.commandRefs = column(2)
    this.contextRefs = column(5)
    this.directoryRefs = column(7)
    this.shapes = column(8)
    this.starts = column(9)
    this.startMicros = new PlaneReader(section(sections, 10))
    this.durations = column(11)
    this.durationMicros = new PlaneReader(section(sections, 12))
    this.exits = column(13)
    this.ordinals = column(14)
    this.ids = column(15)
  }

  next(): Entry {
    const shape = this.shapes.byte()
    if (shape >= SHAPE.never) throw malformed("an entry of no known shape")
    const context = this.nextContext()
    const state = this.states[this.context] as { cwd: string | null; ordinal: number }
    const directory = this.directoryRefs.varint()
    if (directory > 0) state.cwd = directory === 1 ? null : at(this.lists.directories, directory - 2)
    const entry: Mutable<Entry> = {
      id: "" as EntryId,
      start: this.nextStart(shape),
      duration: this.nextDuration(shape),
      exit: shape & SHAPE.exit ? this.exits.signed() : null,
      command: this.nextCommand(),
      cwd: state.cwd,
      session: context.session,
      host: context.host,
      user: context.user,
      shell: context.shell,
      origin: context.origin,
      device: context.device,
      ordinal: null
    }
    if (shape & SHAPE.ordinal) {
      entry.ordinal = this.ordinals.signed() + (context.origin === LIVE ? state.ordinal : 0)
      if (!Number.isSafeInteger(entry.ordinal)) throw malformed("an ordinal out of range")
      state.ordinal = entry.ordinal + 1
    }
    const id = shape & SHAPE.id ? (this.ids.hex(16) as EntryId) : derivedId(entry)
    if (id === null) throw malformed("an entry without an id")
    entry.id = id
    return entry
  }

  end(): void {
    const columns = [this.commandRefs, this.contextRefs, this.directoryRefs, this.shapes, this.starts, this.durations]
    for (const column of [...columns, this.exits, this.ordinals, this.ids]) column.end()
    this.startMicros.end()
    this.durationMicros.end()
    if (this.once !== this.lists.commands.length || this.states.length !== this.lists.contexts.length) {
      throw malformed("commands or contexts that nothing refers to")
    }
  }

  private nextContext(): Context {
    const ref = this.contextRefs.varint()
    if (ref === 1) {
      this.context = this.states.length
      this.states.push({ cwd: null, ordinal: 0 })
    } else if (ref > 1) {
      this.context = this.states.length - ref + 1
    }
    if (this.context < 0) throw malformed("a context before the first")
    return at(this.lists.contexts, this.context)
  }

  private nextCommand(): string {
    const ref = this.commandRefs.varint()
    if (ref === 0) return at(this.lists.commands, this.once++)
    if (ref > this.lists.repeated) throw malformed("a command that is not among the repeated")
    return at(this.lists.commands, ref - 1)
  }

  private nextStart(shape: number): number | null {
    if ((shape & SHAPE.start) === 0) return shape & SHAPE.startMicros ? impossible() : null
    this.lastStart += this.starts.signed()
    return micros(this.lastStart, shape & SHAPE.startMicros ? this.startMicros.next() : 0)
  }

  private nextDuration(shape: number): number | null {
    if ((shape & SHAPE.duration) === 0) return shape & SHAPE.durationMicros ? impossible() : null
    return micros(this.durations.signed(), shape & SHAPE.durationMicros ? this.durationMicros.next() : 0)
  }
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

class PlaneReader {
  private readonly bytes: Buffer
  private readonly count: number
  private index = 0

  constructor(bytes: Buffer) {
    if (bytes.length % 3 !== 0) throw malformed("planes of unequal length")
    this.bytes = bytes
    this.count = bytes.length / 3
  }

  next(): number {
    if (this.index === this.count) throw malformed("cut short")
    const { bytes, count, index } = this
    this.index++
    return (bytes[index] ?? 0) | ((bytes[index + count] ?? 0) << 8) | ((bytes[index + 2 * count] ?? 0) << 16)
  }

  end(): void {
    if (this.index !== this.count) throw malformed("longer than it should be")
  }
}

const impossible = (): never => {
  throw malformed("micros of an unknown time")
}

const micros = (whole: number, rest: number): number => {
  const value = whole * SECOND + rest
  if (rest >= SECOND || !Number.isSafeInteger(value)) throw malformed("a time out of range")
  return value
}

const readMoment = (reader: ByteReader): number => micros(reader.signed(), reader.varint())

const readOptional = <A>(reader: ByteReader, read: () => A): A | null => {
  const flag = reader.varint()
  if (flag > 1) throw malformed("a flag that is neither 0 nor 1")
  return flag === 0 ? null : read()
}

const readFinish = (reader: ByteReader): Operation => ({
  kind: "finish",
  id: reader.hex(16) as EntryId,
  exit: readOptional(reader, () => reader.signed()),
  duration: readOptional(reader, () => readMoment(reader))
})

const readForget = (reader: ByteReader): Operation => {
  const digests = (): ReadonlyArray<string> => {
    const count = reader.varint()
    if (count * 16 > reader.remaining) throw malformed("cut short")
    return Array.from({ length: count }, () => reader.hex(16))
  }
  const ids = digests() as ReadonlyArray<EntryId>
  const twins = digests()
  const count = reader.varint()
  if (count * 16 > reader.remaining) throw malformed("cut short")
  const windows = Array.from({ length: count }, (): ForgetWindow => {
    const [from, to, device] = [readMoment(reader), readMoment(reader), reader.hex(16)]
    return { from, to, device: device === EVERY_DEVICE ? null : (device as DeviceId) }
  })
  return { kind: "forget", rule: { ids, twins, windows } }
}
