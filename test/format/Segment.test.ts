import { it } from "@effect/vitest"
import { describe, expect } from "vitest"
import type { EntryId } from "../../src/domain/EntryId.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { ByteWriter } from "../../src/format/ByteColumn.ts"
import { plainKeyring } from "../../src/format/Keyring.ts"
import { MAX_OPERATIONS, SECTIONS, SegmentError, segmentId } from "../../src/format/Segment.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import { SegmentWriter } from "../../src/format/SegmentWriter.ts"
import * as Samples from "./Samples.ts"

const { DEVICE, encodeOperations, keyring, liveEntry, OTHER_DEVICE, OTHER_KEY, OTHER_VAULT, VAULT, withId } = Samples

const add = (entry = liveEntry()): Operation => ({ kind: "add", entry })
const purged: Operation = { kind: "purged", identity: "3c".repeat(16) }

/** The section's bytes, from a segment. */
const sectionsOf = (segment: Uint8Array): Array<Buffer> => {
  const bytes = Buffer.from(segment)
  const sections: Array<Buffer> = []
  for (let at = 1; at < bytes.length;) {
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      length += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    sections.push(bytes.subarray(at, at + length))
    at += length
  }
  return sections
}

const segmentOf = (sections: ReadonlyArray<Uint8Array>, version = 1): Uint8Array => {
  const writer = new ByteWriter()
  writer.byte(version)
  for (const section of sections) {
    writer.varint(section.length)
    writer.bytes(section)
  }
  return writer.view()
}

/** The segment with some of its sections replaced. */
const patched = (segment: Uint8Array, changes: Readonly<Record<number, ReadonlyArray<number>>>): Uint8Array =>
  segmentOf(sectionsOf(segment).map((section, index) => Buffer.from(changes[index] ?? section)))

const readAll = (segment: Uint8Array): ReadonlyArray<Operation> => [...readSegment(segment, DEVICE)]

const reasonOf = (read: () => unknown): string => {
  try {
    read()
    return "accepted"
  } catch (error) {
    if (error instanceof SegmentError) return error.reason
    throw error
  }
}

describe("a segment", () => {
  it.prop("gives back the operations it was made of", [Samples.operations], ([operations]) => {
    const segment = encodeOperations(operations)
    const reader = readSegment(segment, DEVICE)
    expect([...reader]).toEqual(operations)
    expect([reader.total, reader.readable]).toEqual([operations.length, operations.length])
    expect([...reader]).toEqual(operations)
  })

  it.prop(
    "has the same bytes for the same operations, and about the size foretold",
    [Samples.operations],
    ([operations]) => {
      const writer = new SegmentWriter(DEVICE)
      for (const operation of operations) writer.add(operation)
      const foretold = writer.plaintextSize
      const segment = Buffer.from(writer.finish())
      expect(segment.length).toBeLessThanOrEqual(foretold)
      expect(foretold - segment.length).toBeLessThanOrEqual(160 + 3 * operations.length)
      expect(segment).toEqual(Buffer.from(encodeOperations(operations)))
    }
  )

  it("of no operations has none", () => {
    const segment = encodeOperations([])
    expect(segment.length).toBe(1 + SECTIONS)
    expect(readAll(segment)).toEqual([])
  })

  it("stores no id that follows from the entry, and keeps the one that does not", () => {
    const redacted = { ...liveEntry(), command: "curl -H 'Authorization: ***'" }
    const given = { ...liveEntry({ ordinal: null }), id: "0123456789abcdef0123456789abcdef" as EntryId }
    for (const [entry, size] of [
      [liveEntry(), 0],
      [redacted, 16],
      [given, 16]
    ] as const) {
      const segment = encodeOperations([add(entry)])
      expect(sectionsOf(segment)[14]?.length).toBe(size)
      expect(readAll(segment)).toEqual([add(entry)])
    }
  })

  it("tells who captured an entry only where that is not the log's device", () => {
    const foreign = liveEntry({ device: OTHER_DEVICE })
    const segment = encodeOperations([add(), add(foreign)])
    expect(Buffer.from(segment).includes(DEVICE)).toBe(false)
    expect(Buffer.from(segment).includes(OTHER_DEVICE)).toBe(true)
    expect(readSegment(segment, OTHER_DEVICE)[Symbol.iterator]().next().value).toEqual(
      add({ ...liveEntry(), device: OTHER_DEVICE })
    )
    expect(readAll(segment)).toEqual([add(), add(foreign)])
  })

  it("takes few bytes for what can be expected: the same place, the next counter, the same command, undated duplicates", () => {
    const session = Array.from({ length: 200 }, (_, index) => add(liveEntry({ ordinal: index })))
    const undated = Array.from({ length: 200 }, (_, index) =>
      add(withId({ ...liveEntry(), start: null, session: null, origin: "import:bash", ordinal: index }))
    )
    for (const [operations, ordinals] of [
      [session, 13],
      [undated, 13]
    ] as const) {
      const sections = sectionsOf(encodeOperations(operations))
      expect([...(sections[ordinals] ?? [])].every((byte) => byte === 0)).toBe(true)
      expect(sections[ordinals]?.length).toBe(200)
      expect([...(sections[2] ?? [])].slice(1).every((byte) => byte === 2)).toBe(true)
      expect(readAll(segmentOf(sections))).toEqual(operations)
    }
  })

  it("is read to the first operation of an unknown kind, and says that there is more", () => {
    const operations = [add(), purged, add(liveEntry({ command: "make", ordinal: 4 })), add(liveEntry({ ordinal: 5 }))]
    const sections = sectionsOf(encodeOperations(operations))
    // add, purged, add, then two of kind 9, then the last add; what kind 9 needs follows in a section of its own
    const kinds = Buffer.from([1, 1, 4, 1, 1, 1, 9, 2, 1, 1])
    const newer = segmentOf([kinds, ...sections.slice(1), Buffer.from("whatever kind 9 is made of")])
    const reader = readSegment(newer, DEVICE)
    expect([reader.total, reader.readable]).toEqual([6, 3])
    expect([...reader]).toEqual(operations.slice(0, 3))
  })

  it("of another version is a newer hx's", () => {
    expect(reasonOf(() => readSegment(segmentOf(sectionsOf(encodeOperations([])), 2), DEVICE))).toBe("NewerFormat")
  })

  it("cut short anywhere, or with a byte more, is refused", () => {
    const segment = encodeOperations([add(), purged, add(liveEntry({ command: "make" }))])
    for (const part of Samples.truncations(segment)) expect(reasonOf(() => readAll(part))).toBe("Malformed")
    expect(reasonOf(() => readAll(Buffer.concat([segment, Buffer.from([0])])))).toBe("Malformed")
  })

  it("that breaks a rule is refused", () => {
    const one = encodeOperations([add()])
    const broken: Record<string, Readonly<Record<number, ReadonlyArray<number>>>> = {
      "kind 0": { 0: [0, 1] },
      "an empty run": { 0: [1, 1, 4, 0] },
      "more operations than columns": { 0: [1, 2] },
      "fewer operations than columns": { 0: [] },
      "a billion operations": { 0: [1, 0x80, 0x94, 0xeb, 0xdc, 0x03] },
      "2^53 purged operations": { 0: [4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f] },
      "a command without an end": { 1: [0x6c, 0x73] },
      "a command that is not UTF-8": { 1: [0xc0, 0xaf, 0xff] },
      "a surrogate in a command": { 1: [0xed, 0xa0, 0x80, 0xff] },
      "a command too many": { 1: [0x6c, 0xff, 0x73, 0xff] },
      "no command": { 1: [] },
      "a recent command where there is none": { 2: [2] },
      "a command number where there is none": { 2: [34] },
      "a column too long": { 2: [0, 0] },
      "a column too short": { 2: [] },
      "a number longer than it has to be": { 2: [0x80, 0x00] },
      "a number without an end": { 2: [0x80] },
      "a term beyond the list": { 4: [1, 2, 3, 4, 9, 0] },
      "no origin": { 4: [1, 2, 3, 4, 0, 0] },
      "a device that is none": { 4: [1, 2, 3, 4, 5, 5] },
      "half a context": { 4: [1, 2, 3] },
      "a context too many": { 4: [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0] },
      "no context": { 5: [0] },
      "an older context where there is none": { 5: [2] },
      "a directory beyond the list": { 7: [3] },
      "an impossible shape": { 8: [0xb5] },
      "µs of an unknown start": { 8: [0x3e], 9: [] },
      "µs of an unknown duration": { 8: [0x3b], 11: [] },
      "a second of a million µs": { 10: [0xc0, 0x84, 0x3d] },
      "a time beyond 2^53": { 9: [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f] },
      "a negative ordinal": { 13: [1] },
      "an ordinal that does not give an id": { 8: [0x1f], 13: [] },
      "half an id": { 8: [0x7f], 14: [1, 2, 3] },
      "an id too many": { 14: Array.from({ length: 16 }, () => 7) },
      "other operations than there are": { 15: Array.from({ length: 16 }, () => 7) }
    }
    expect(readAll(patched(one, {}))).toEqual([add()])
    for (const [what, changes] of Object.entries(broken)) {
      expect([what, reasonOf(() => readAll(patched(one, changes)))]).toEqual([what, "Malformed"])
    }
    expect(reasonOf(() => readAll(segmentOf([...sectionsOf(one), Buffer.from([1])])))).toBe("Malformed")
  })

  it("with commands or contexts that no entry has is refused, though it has operations enough for them", () => {
    const two = encodeOperations([add(), purged])
    const [, commands = Buffer.alloc(0), , , contexts = Buffer.alloc(0)] = sectionsOf(two)
    expect(readAll(patched(two, {}))).toEqual([add(), purged])
    for (const changes of [{ 1: [...commands, 0x6c, 0x73, 0xff] }, { 4: [...contexts, ...contexts] }]) {
      expect(reasonOf(() => readAll(patched(two, changes)))).toBe("Malformed")
    }
  })

  it("gives back commands used again after many others", () => {
    const order = [...Array(100).keys(), ...Array(100).keys(), ...[...Array(100).keys()].reverse(), 5, 5, 99, 40, 7, 40]
    const operations = order.map((command, index) => add(liveEntry({ command: `make ${command}`, ordinal: index })))
    expect(readAll(encodeOperations(operations))).toEqual(operations)
  })

  it("with huge counts of ids and windows is refused without making room for them", () => {
    const forget = encodeOperations([{ kind: "forget", rule: { ids: [], twins: [], windows: [] } }])
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
    for (const rule of [huge, [0, ...huge], [0, 0, ...huge]]) {
      expect(reasonOf(() => readAll(patched(forget, { 15: rule })))).toBe("Malformed")
    }
  })

  it("made of nothing but list ends costs no more than its operations", () => {
    const one = encodeOperations([add()])
    const ends = Buffer.alloc(30_000_000, 0xff)
    const before = process.memoryUsage()
    for (const section of [1, 3, 6]) {
      const hostile = segmentOf(sectionsOf(one).map((content, index) => (index === section ? ends : content)))
      expect(reasonOf(() => readAll(hostile))).toBe("Malformed")
    }
    expect(process.memoryUsage().heapUsed - before.heapUsed).toBeLessThan(50_000_000)
  })

  it("refuses to be made of what it cannot hold", () => {
    const unwritable: ReadonlyArray<Operation> = [
      add({ ...liveEntry(), start: 1.5 }),
      add({ ...liveEntry(), start: Number.NaN }),
      add({ ...liveEntry(), duration: 2 ** 53 }),
      add({ ...liveEntry(), exit: Number.POSITIVE_INFINITY }),
      add({ ...liveEntry(), ordinal: -1 }),
      add({ ...liveEntry(), id: "xyz" as EntryId }),
      { kind: "purged", identity: "3c" },
      { kind: "finish", id: "" as EntryId, exit: 0, duration: 0 },
      { kind: "forget", rule: { ids: [], twins: ["AB".repeat(16)], windows: [] } }
    ]
    for (const operation of unwritable) expect(reasonOf(() => encodeOperations([operation]))).toBe("Unwritable")
    const full = new SegmentWriter(DEVICE)
    for (let count = 0; count < MAX_OPERATIONS; count++) full.add(purged)
    expect(reasonOf(() => full.add(purged))).toBe("Unwritable")
  })
})

describe("a segment's name", () => {
  const segment = encodeOperations([add()])

  it("is the same for the same operations, and another with another key, vault or operation", () => {
    const names = [
      segmentId(segment, keyring()),
      segmentId(segment, keyring(OTHER_KEY)),
      segmentId(segment, keyring(undefined, 1, OTHER_VAULT)),
      segmentId(segment, plainKeyring(VAULT)),
      segmentId(segment, plainKeyring(OTHER_VAULT)),
      segmentId(encodeOperations([add(liveEntry({ ordinal: 4 }))]), keyring())
    ]
    expect(new Set(names).size).toBe(names.length)
    expect(names.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true)
    expect(segmentId(encodeOperations([add()]), keyring())).toBe(names[0])
  })
})
