/** Writes a segment (Segment.ts) operation by operation, holding nothing but its columns. */

import type { DeviceId } from "../domain/Device.ts"
import { type Entry, isLive } from "../domain/Entry.ts"
import { derivedId, isEntryId } from "../domain/EntryId.ts"
import type { ForgetRule } from "../domain/ForgetRule.ts"
import type { Operation } from "../domain/Operation.ts"
import { ByteWriter, ColumnWriter } from "./ByteColumn.ts"
import { CommandColumn } from "./CommandColumn.ts"
import { MAX_PLAINTEXT } from "./Envelope.ts"
import { EVERY_DEVICE, KIND, MAX_OPERATIONS, SECOND, SEGMENT_VERSION, SegmentError, SHAPE } from "./Segment.ts"
import { TextList } from "./TextList.ts"

export class SegmentWriter {
  /** Operations added so far. */
  count = 0

  private readonly logDevice: DeviceId
  private readonly kinds = new ByteWriter()
  private kind: number = KIND.add
  private run = 0
  private readonly commands = new CommandColumn()
  private readonly terms = new TextList()
  private readonly contexts = new ByteWriter()
  private readonly contextStates = new Map<string, ContextState>()
  private context: ContextState | null = null
  private readonly contextColumn = new ColumnWriter()
  private readonly directories = new TextList()
  private readonly directoryColumn = new ColumnWriter()
  private readonly shapes = new ByteWriter()
  private readonly starts = new ColumnWriter()
  private readonly startMicros = new ColumnWriter()
  private lastStart = 0
  private readonly durations = new ColumnWriter()
  private readonly exits = new ColumnWriter()
  private readonly ordinals = new ColumnWriter()
  private readonly undatedOrdinals = new Map<string, number>()
  private readonly ids = new ByteWriter()
  private readonly others = new ByteWriter()

  constructor(logDevice: DeviceId) {
    this.logDevice = logDevice
  }

  /** Throws SegmentError (Unwritable) for what the format cannot hold; the segment is of no use then. */
  add(operation: Operation): void {
    const kind = KIND[operation.kind]
    if (kind !== this.kind) this.endRun(kind)
    this.run++
    if (++this.count > MAX_OPERATIONS) throw unwritable("more operations than a segment has")
    switch (operation.kind) {
      case "add":
        return this.entry(operation.entry)
      case "finish":
        this.id(this.others, operation.id)
        this.optional(operation.exit)
        return this.optional(operation.duration)
      case "forget":
        return this.rule(operation.rule)
      case "purged":
        return this.id(this.others, operation.identity)
    }
  }

  /** Bytes of plaintext so far: what `finish` will give, or somewhat more. */
  get plaintextSize(): number {
    const texts = this.commands.size + this.terms.size + this.directories.size
    const columns =
      this.contextColumn.length + this.directoryColumn.length + this.starts.length + this.startMicros.length
    const rarer = this.durations.length + this.exits.length + this.ordinals.length
    const rest = this.kinds.length + this.contexts.length + this.shapes.length + this.ids.length + this.others.length
    return texts + columns + rarer + rest + FRAME
  }

  /** The plaintext; nothing can be added afterwards. Throws SegmentError (Unwritable) where it is larger than an object may be. */
  finish(): Uint8Array {
    this.endRun(0)
    const commands = this.commands.finish()
    const sections = [
      this.kinds.view(),
      commands.texts,
      commands.column,
      this.terms.encode(),
      this.contexts.view(),
      this.contextColumn.view(),
      this.directories.encode(),
      this.directoryColumn.view(),
      this.shapes.view(),
      this.starts.view(),
      this.startMicros.view(),
      this.durations.view(),
      this.exits.view(),
      this.ordinals.view(),
      this.ids.view(),
      this.others.view()
    ]
    const segment = new ByteWriter(sections.reduce((size, section) => size + section.length, FRAME))
    segment.byte(SEGMENT_VERSION)
    for (const section of sections) {
      segment.varint(section.length)
      segment.bytes(section)
    }
    if (segment.length > MAX_PLAINTEXT) throw unwritable("more bytes than an object has")
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
    this.commands.add(entry.command)
    this.directory(entry.cwd, context)
    this.shapes.byte(
      this.start(entry.start) |
        this.duration(entry.duration) |
        this.exit(entry.exit) |
        this.ordinal(entry, context) |
        this.storedId(entry)
    )
  }

  private enterContext(entry: Entry): ContextState {
    if (this.context !== null && this.context.holds(entry)) {
      this.contextColumn.varint(0)
      return this.context
    }
    const key = JSON.stringify([entry.session, entry.host, entry.user, entry.shell, entry.origin, entry.device])
    const known = this.contextStates.get(key)
    if (known !== undefined) {
      this.contextColumn.varint(this.contextStates.size - known.number + 1)
      return (this.context = known)
    }
    const { session, host, user, shell, origin, device } = entry
    for (const term of [session, host, user, shell, origin, device === this.logDevice ? null : device]) {
      this.contexts.varint(term === null ? 0 : 1 + this.terms.number(term))
    }
    this.contextColumn.varint(1)
    this.context = new ContextState(entry, this.contextStates.size)
    this.contextStates.set(key, this.context)
    return this.context
  }

  private directory(cwd: string | null, context: ContextState): void {
    if (cwd === context.cwd) return this.directoryColumn.varint(0)
    this.directoryColumn.varint(cwd === null ? 1 : 2 + this.directories.number(cwd))
    context.cwd = cwd
  }

  private start(start: number | null): number {
    if (start === null) return 0
    const second = Math.floor(integer(start) / SECOND)
    this.starts.signed(second - this.lastStart)
    this.lastStart = second
    const micros = start - second * SECOND
    if (micros === 0) return SHAPE.start
    this.startMicros.varint(micros)
    return SHAPE.start | SHAPE.startMicros
  }

  private duration(duration: number | null): number {
    if (duration === null) return 0
    const inSeconds = integer(duration) % SECOND === 0
    this.durations.signed(inSeconds ? duration / SECOND : duration)
    return inSeconds ? SHAPE.duration : SHAPE.duration | SHAPE.durationMicros
  }

  private exit(exit: number | null): number {
    if (exit === null) return 0
    this.exits.signed(integer(exit))
    return SHAPE.exit
  }

  private ordinal(entry: Entry, context: ContextState): number {
    const { command, ordinal, start } = entry
    if (ordinal === null) return 0
    if (integer(ordinal) < 0) throw unwritable("a negative ordinal")
    if (isLive(entry)) {
      this.ordinals.signed(ordinal - context.nextOrdinal)
      context.nextOrdinal = ordinal + 1
    } else if (start === null) {
      this.ordinals.signed(ordinal - (this.undatedOrdinals.get(command) ?? 0))
      this.undatedOrdinals.set(command, ordinal + 1)
    } else this.ordinals.signed(ordinal)
    return SHAPE.ordinal
  }

  private storedId(entry: Entry): number {
    if (derivedId(entry) === entry.id) return 0
    this.id(this.ids, entry.id)
    return SHAPE.id
  }

  private rule(rule: ForgetRule): void {
    for (const digests of [rule.ids, rule.twins]) {
      this.others.varint(digests.length)
      for (const digest of digests) this.id(this.others, digest)
    }
    this.others.varint(rule.windows.length)
    for (const window of rule.windows) {
      this.others.signed(integer(window.from))
      this.others.signed(integer(window.to))
      this.id(this.others, window.device ?? EVERY_DEVICE)
    }
  }

  private optional(value: number | null): void {
    this.others.byte(value === null ? 0 : 1)
    if (value !== null) this.others.signed(integer(value))
  }

  private id(column: ByteWriter, id: string): void {
    if (!isEntryId(id)) throw unwritable("an id that is not 32 lowercase hex digits")
    column.hex(id)
  }
}

/** More than version and lengths of the sections can take. */
const FRAME = 160

/** Where commands ran, and what the next one there is predicted from. */
class ContextState {
  readonly number: number
  cwd: string | null = null
  nextOrdinal = 0
  private readonly like: Entry

  constructor(like: Entry, number: number) {
    this.like = like
    this.number = number
  }

  holds(entry: Entry): boolean {
    const { like } = this
    return (
      entry.session === like.session &&
      entry.host === like.host &&
      entry.user === like.user &&
      entry.shell === like.shell &&
      entry.origin === like.origin &&
      entry.device === like.device
    )
  }
}

const unwritable = (detail: string): SegmentError => new SegmentError({ reason: "Unwritable", detail })

const integer = (value: number): number => {
  if (!Number.isSafeInteger(value)) throw unwritable("a number that is not an integer")
  return value
}
