/** Writes segments (Segment.ts) operation by operation, holding only the columns. */

import type { DeviceId } from "../domain/Device.ts"
import { type Entry, isLive } from "../domain/Entry.ts"
import { derivedId, isEntryId } from "../domain/EntryId.ts"
import type { ForgetRule } from "../domain/ForgetRule.ts"
import type { Operation } from "../domain/Operation.ts"
import { ByteWriter } from "./ByteColumn.ts"
import { EVERY_DEVICE, KIND, SECOND, SEGMENT_VERSION, SegmentError, SHAPE, TEXT_END } from "./Segment.ts"

export class SegmentWriter {
  /** Operations added so far. */
  count = 0

  private readonly logDevice: DeviceId
  private readonly kinds = new ByteWriter()
  private kind: number = KIND.add
  private run = 0
  private readonly commands = new TextList()
  private readonly commandRefs: Array<number> = []
  private readonly terms = new TextList()
  private readonly contexts = new ByteWriter()
  private readonly contextNumbers = new Map<string, number>()
  private readonly contextStates: Array<ContextState> = []
  private context = -1
  private readonly contextRefs = new ByteWriter()
  private readonly directories = new TextList()
  private readonly directoryRefs = new ByteWriter()
  private readonly shapes = new ByteWriter()
  private readonly starts = new ByteWriter()
  private readonly startMicros = new Planes()
  private lastStart = 0
  private readonly durations = new ByteWriter()
  private readonly durationMicros = new Planes()
  private readonly exits = new ByteWriter()
  private readonly ordinals = new ByteWriter()
  private readonly ids = new ByteWriter()
  private readonly others = new ByteWriter()

  constructor(logDevice: DeviceId) {
    this.logDevice = logDevice
  }

  /** Throws SegmentError (Unwritable) for what the format cannot hold. The segment is of no use then. */
  add(operation: Operation): void {
    const kind = KIND[operation.kind]
    if (kind !== this.kind) this.endRun(kind)
    this.run++
    this.count++
    switch (operation.kind) {
      case "add":
        return this.entry(operation.entry)
      case "finish":
        this.id(this.others, operation.id)
        this.others.byte(operation.exit === null ? 0 : 1)
        if (operation.exit !== null) this.others.signed(small(operation.exit))
        this.others.byte(operation.duration === null ? 0 : 1)
        if (operation.duration !== null) this.moment(operation.duration)
        return
      case "forget":
        return this.rule(operation.rule)
      case "purged":
        return this.id(this.others, operation.identity)
    }
  }

  /** Bytes of plaintext, at most a few more than `finish` will give. */
  get plaintextSize(): number {
    const columns = [
      ...[this.kinds, this.contexts, this.contextRefs, this.directoryRefs, this.shapes, this.starts, this.durations],
      ...[this.exits, this.ordinals, this.ids, this.others, this.startMicros, this.durationMicros]
    ]
    const texts = this.commands.size + this.terms.size + this.directories.size
    return columns.reduce((size, column) => size + column.length, texts + 3 * this.commandRefs.length + 128)
  }

  /** The plaintext. Nothing can be added afterwards. */
  finish(): Uint8Array {
    this.endRun(0)
    const commands = new ByteWriter(this.commands.size + 16)
    const refs = new ByteWriter(this.commandRefs.length * 2 + 16)
    this.writeCommands(commands, refs)
    const sections = [
      ...[this.kinds, commands, refs, this.terms.encode(), this.contexts, this.contextRefs],
      ...[this.directories.encode(), this.directoryRefs, this.shapes, this.starts, this.startMicros.encode()],
      ...[this.durations, this.durationMicros.encode(), this.exits, this.ordinals, this.ids, this.others]
    ].map((section) => section.view())
    const segment = new ByteWriter(sections.reduce((size, section) => size + section.length + 8, 1))
    segment.byte(SEGMENT_VERSION)
    for (const section of sections) {
      segment.varint(section.length)
      segment.bytes(section)
    }
    return segment.view()
  }

  private endRun(next: number): void {
    if (this.run > 0) {
      this.kinds.varint(this.kind)
      this.kinds.varint(this.run)
    }
    this.kind = next
    this.run = 0
  }

  private entry(entry: Entry): void {
    const context = this.enterContext(entry)
    this.commandRefs.push(this.commands.refer(entry.command))
    this.directoryRefs.varint(
      entry.cwd === context.cwd ? 0 : entry.cwd === null ? 1 : 2 + this.directories.refer(entry.cwd)
    )
    context.cwd = entry.cwd
    let shape = 0
    if (entry.start !== null) {
      const whole = Math.floor(safe(entry.start) / SECOND)
      this.starts.signed(whole - this.lastStart)
      this.lastStart = whole
      shape |= SHAPE.start | (this.startMicros.add(entry.start - whole * SECOND) ? SHAPE.startMicros : 0)
    }
    if (entry.duration !== null) {
      const whole = Math.floor(safe(entry.duration) / SECOND)
      this.durations.signed(whole)
      const hasMicros = this.durationMicros.add(entry.duration - whole * SECOND)
      shape |= SHAPE.duration | (hasMicros ? SHAPE.durationMicros : 0)
    }
    if (entry.exit !== null) {
      this.exits.signed(small(entry.exit))
      shape |= SHAPE.exit
    }
    if (entry.ordinal !== null) {
      this.ordinals.signed(small(entry.ordinal) - (isLive(entry) ? context.ordinal : 0))
      context.ordinal = entry.ordinal + 1
      shape |= SHAPE.ordinal
    }
    if (derivedId(entry) !== entry.id) {
      this.id(this.ids, entry.id)
      shape |= SHAPE.id
    }
    this.shapes.byte(shape)
  }

  private enterContext(entry: Entry): ContextState {
    const { session, host, user, shell, origin, device } = entry
    const key = JSON.stringify([session, host, user, shell, origin, device])
    let number = this.contextNumbers.get(key)
    if (number === undefined) {
      number = this.contextStates.length
      this.contextNumbers.set(key, number)
      this.contextStates.push({ cwd: null, ordinal: 0 })
      for (const term of [session, host, user, shell, origin, device === this.logDevice ? null : device]) {
        this.contexts.varint(term === null ? 0 : 1 + this.terms.refer(term))
      }
      this.contextRefs.varint(1)
    } else {
      this.contextRefs.varint(number === this.context ? 0 : this.contextStates.length - number + 1)
    }
    this.context = number
    return this.contextStates[number] as ContextState
  }

  private writeCommands(commands: ByteWriter, refs: ByteWriter): void {
    const { repeated, once } = this.commands.byFrequency()
    const numbers = new Uint32Array(repeated.length + once.length)
    commands.varint(repeated.length)
    repeated.forEach((index, rank) => {
      numbers[index] = rank + 1
      this.commands.write(index, commands)
    })
    for (const index of once) this.commands.write(index, commands)
    for (const index of this.commandRefs) refs.varint(numbers[index] ?? 0)
  }

  private rule(rule: ForgetRule): void {
    for (const digests of [rule.ids, rule.twins]) {
      this.others.varint(digests.length)
      for (const digest of digests) this.id(this.others, digest)
    }
    this.others.varint(rule.windows.length)
    for (const window of rule.windows) {
      this.moment(window.from)
      this.moment(window.to)
      this.id(this.others, window.device ?? EVERY_DEVICE)
    }
  }

  private moment(micros: number): void {
    const whole = Math.floor(safe(micros) / SECOND)
    this.others.signed(whole)
    this.others.varint(micros - whole * SECOND)
  }

  private id(column: ByteWriter, id: string): void {
    if (!isEntryId(id)) throw unwritable("an id that is not 32 lowercase hex digits")
    column.hex(id)
  }
}

/** What the next add of a context is predicted from. */
interface ContextState {
  cwd: string | null
  ordinal: number
}

/** Distinct texts, numbered from 0 in order of first appearance. */
class TextList {
  /** Bytes of all texts with their ends. */
  size = 0
  private readonly numbers = new Map<string, number>()
  private readonly texts: Array<string> = []
  private readonly uses: Array<number> = []

  refer(text: string): number {
    const known = this.numbers.get(text)
    if (known !== undefined) {
      this.uses[known] = (this.uses[known] ?? 0) + 1
      return known
    }
    const number = this.texts.length
    this.numbers.set(text, number)
    this.texts.push(text)
    this.uses.push(1)
    this.size += Buffer.byteLength(text, "utf8") + 1
    return number
  }

  write(number: number, column: ByteWriter): void {
    const text = this.texts[number] ?? ""
    column.text(text, Buffer.byteLength(text, "utf8"))
    column.byte(TEXT_END)
  }

  encode(): ByteWriter {
    const column = new ByteWriter(this.size)
    this.texts.forEach((_, number) => this.write(number, column))
    return column
  }

  /** Those used more than once, most used first; and those used once: each in order of first appearance among equals. */
  byFrequency(): { readonly repeated: ReadonlyArray<number>; readonly once: ReadonlyArray<number> } {
    const repeated: Array<number> = []
    const once: Array<number> = []
    this.uses.forEach((uses, number) => (uses > 1 ? repeated : once).push(number))
    repeated.sort((a, b) => (this.uses[b] ?? 0) - (this.uses[a] ?? 0) || a - b)
    return { repeated, once }
  }
}

/** Numbers of 20 bits as three planes of bytes: the high plane is all but empty, the low one is noise. */
class Planes {
  private readonly planes = [new ByteWriter(), new ByteWriter(), new ByteWriter()] as const

  get length(): number {
    return 3 * this.planes[0].length
  }

  /** Takes in a number, unless it is zero; says whether it did. */
  add(value: number): boolean {
    if (value === 0) return false
    this.planes[0].byte(value & 0xff)
    this.planes[1].byte((value >> 8) & 0xff)
    this.planes[2].byte(value >> 16)
    return true
  }

  encode(): ByteWriter {
    const column = new ByteWriter(this.length)
    for (const plane of this.planes) column.bytes(plane.view())
    return column
  }
}

const unwritable = (detail: string): SegmentError => new SegmentError({ reason: "Unwritable", detail })

/** A time or duration. */
const safe = (value: number): number => {
  if (!Number.isSafeInteger(value)) throw unwritable("a time that is not an integer")
  return value
}

/** A number that still fits after a difference and a sign bit. */
const small = (value: number): number => {
  if (!Number.isSafeInteger(value) || Math.abs(value) > 2 ** 50) throw unwritable("a number out of range")
  return value
}
