/** Reads the columns of a segment (Segment.ts, sections 1 to 14): one entry after another. */

import { type DeviceId, isDeviceId } from "../domain/Device.ts"
import { type Entry, LIVE } from "../domain/Entry.ts"
import { derivedId, type EntryId } from "../domain/EntryId.ts"
import { ByteReader, MalformedBytes, readSigned, readVarints } from "./ByteColumn.ts"
import { CommandReader } from "./CommandColumn.ts"
import { SECOND, SHAPE } from "./Segment.ts"
import { readTexts } from "./TextList.ts"

export class AddReader {
  private readonly shapes: Buffer
  private readonly commands: CommandReader
  private readonly commandColumn: Numbers
  private readonly contexts: ReadonlyArray<Context>
  private readonly contextColumn: Numbers
  private readonly directories: ReadonlyArray<string>
  private readonly directoryColumn: Numbers
  private readonly starts: Numbers
  private readonly startMicros: Numbers
  private readonly durations: Numbers
  private readonly exits: Numbers
  private readonly ordinals: Numbers
  private readonly ids: ByteReader
  private readonly undatedOrdinals = new Map<string, number>()
  private index = 0
  private contextsSeen = 0
  private context: Context | null = null
  private lastStart = 0

  /** How many adds there are, and how many operations of any kind. */
  constructor(sections: ReadonlyArray<Buffer>, logDevice: DeviceId, count: number, limit: number) {
    const section = (index: number): Buffer => sections[index] as Buffer
    const shapes = section(8)
    if (shapes.length !== count) throw malformed("a section as long as another number of entries")
    const having = (flag: number): number => countFlag(shapes, flag)
    this.shapes = shapes
    this.commands = new CommandReader(readTexts(section(1), limit))
    this.commandColumn = new Numbers(readVarints(section(2), count))
    this.contexts = readContexts(section(4), readTexts(section(3), 6 * limit), logDevice, limit)
    this.contextColumn = new Numbers(readVarints(section(5), count))
    this.directories = readTexts(section(6), limit)
    this.directoryColumn = new Numbers(readVarints(section(7), count))
    this.starts = new Numbers(readSigned(section(9), having(SHAPE.start)))
    this.startMicros = new Numbers(readVarints(section(10), having(SHAPE.startMicros)))
    this.durations = new Numbers(readSigned(section(11), having(SHAPE.duration)))
    this.exits = new Numbers(readSigned(section(12), having(SHAPE.exit)))
    this.ordinals = new Numbers(readSigned(section(13), having(SHAPE.ordinal)))
    this.ids = new ByteReader(section(14))
    if (this.ids.remaining !== 16 * having(SHAPE.id)) throw malformed("ids of another number of entries")
  }

  next(): Entry {
    const shape = this.shapes[this.index++] as number
    if (shape >= SHAPE.never) throw malformed("an entry of no known shape")
    const context = this.nextContext()
    const command = this.commands.read(this.commandColumn.next())
    const entry: Mutable<Entry> = {
      id: "" as EntryId,
      start: this.nextStart(shape),
      duration: this.nextDuration(shape),
      exit: shape & SHAPE.exit ? this.exits.next() : null,
      command,
      cwd: this.nextDirectory(context),
      session: context.session,
      host: context.host,
      user: context.user,
      shell: context.shell,
      origin: context.origin,
      device: context.device,
      ordinal: null
    }
    if (shape & SHAPE.ordinal) entry.ordinal = this.nextOrdinal(entry, context)
    const id = shape & SHAPE.id ? (this.ids.hex(16) as EntryId) : derivedId(entry)
    if (id === null) throw malformed("an entry without an id")
    entry.id = id
    return entry
  }

  /** The columns are as long as they should be, or reading them would have failed: the lists are left. */
  end(): void {
    this.commands.end()
    if (this.contextsSeen !== this.contexts.length) throw malformed("contexts that nothing refers to")
  }

  private nextContext(): Context {
    const value = this.contextColumn.next()
    if (value === 1) this.context = at(this.contexts, this.contextsSeen++)
    else if (value > this.contextsSeen + 1) throw malformed("a context that has not occurred yet")
    else if (value > 1) this.context = at(this.contexts, this.contextsSeen - value + 1)
    if (this.context === null) throw malformed("a context before the first")
    return this.context
  }

  private nextDirectory(context: Context): string | null {
    const value = this.directoryColumn.next()
    if (value > 0) context.cwd = value === 1 ? null : at(this.directories, value - 2)
    return context.cwd
  }

  private nextStart(shape: number): number | null {
    if ((shape & SHAPE.start) === 0) return shape & SHAPE.startMicros ? impossible() : null
    this.lastStart += this.starts.next()
    const micros = shape & SHAPE.startMicros ? this.startMicros.next() : 0
    if (micros >= SECOND) throw malformed("a second that is too long")
    return inRange(this.lastStart * SECOND + micros)
  }

  private nextDuration(shape: number): number | null {
    if ((shape & SHAPE.duration) === 0) return shape & SHAPE.durationMicros ? impossible() : null
    return inRange(this.durations.next() * (shape & SHAPE.durationMicros ? 1 : SECOND))
  }

  private nextOrdinal(entry: Entry, context: Context): number {
    const { command, origin, start } = entry
    const live = origin === LIVE
    const expected = live ? context.nextOrdinal : start === null ? (this.undatedOrdinals.get(command) ?? 0) : 0
    const ordinal = inRange(this.ordinals.next() + expected)
    if (ordinal < 0) throw malformed("a negative ordinal")
    if (live) context.nextOrdinal = ordinal + 1
    else if (start === null) this.undatedOrdinals.set(command, ordinal + 1)
    return ordinal
  }
}

interface Context {
  readonly session: string | null
  readonly host: string | null
  readonly user: string | null
  readonly shell: string | null
  readonly origin: string
  readonly device: DeviceId
  cwd: string | null
  nextOrdinal: number
}

const readContexts = (
  bytes: Buffer,
  terms: ReadonlyArray<string>,
  logDevice: DeviceId,
  limit: number
): ReadonlyArray<Context> => {
  const reader = new ByteReader(bytes)
  const term = (): string | null => {
    const number = reader.varint()
    return number === 0 ? null : at(terms, number - 1)
  }
  const contexts: Array<Context> = []
  while (reader.remaining > 0) {
    const [session, host, user, shell, origin, device] = [term(), term(), term(), term(), term(), term() ?? logDevice]
    if (origin === null || !isDeviceId(device)) throw malformed("a context without an origin, or of no device")
    if (contexts.length === limit) throw malformed("more contexts than operations need")
    contexts.push({ session, host, user, shell, origin, device, cwd: null, nextOrdinal: 0 })
  }
  return contexts
}

const at = <A>(list: ReadonlyArray<A>, index: number): A => {
  if (index >= list.length) throw malformed("a number beyond its list")
  return list[index] as A
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

class Numbers {
  private readonly values: Float64Array
  private index = 0

  constructor(values: Float64Array) {
    this.values = values
  }

  /** As many as there are flags that ask for them: never too few. */
  next(): number {
    return this.values[this.index++] as number
  }
}

const countFlag = (shapes: Buffer, flag: number): number => {
  let count = 0
  for (let index = 0; index < shapes.length; index++) if ((shapes[index] as number) & flag) count++
  return count
}

const impossible = (): never => {
  throw malformed("a unit without a number")
}

const inRange = (value: number): number => {
  if (!Number.isSafeInteger(value)) throw malformed("a number out of range")
  return value
}

const malformed = (detail: string): MalformedBytes => new MalformedBytes(detail)
