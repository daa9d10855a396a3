import { it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { describe, expect } from "vitest"
import {
  ByteReader,
  ByteWriter,
  ColumnWriter,
  MalformedBytes,
  readSigned,
  readVarints
} from "../../src/format/ByteColumn.ts"

const unsigned = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER)
)
const signed = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  unsigned.map((value) => -value)
)
const same = (values: ReadonlyArray<number>) => values.map((value) => value + 0)

describe("numbers", () => {
  it.prop("one after another are read as they were written", [fc.array(fc.tuple(unsigned, signed))], ([pairs]) => {
    const writer = new ByteWriter(1)
    for (const [a, b] of pairs) {
      writer.varint(a)
      writer.signed(b)
    }
    const reader = new ByteReader(writer.view())
    expect(pairs.map(() => [reader.varint(), reader.signed() + 0])).toEqual(pairs.map(([a, b]) => [a, b + 0]))
    reader.end()
  })

  it.prop(
    "in columns are read as they were written",
    [fc.array(unsigned), fc.array(signed)],
    ([naturals, integers]) => {
      const [one, two] = [new ColumnWriter(), new ColumnWriter()]
      for (const value of naturals) one.varint(value)
      for (const value of integers) two.signed(value)
      expect(one.view().length).toBe(one.length)
      expect(two.view().length).toBe(two.length)
      expect([...readVarints(one.view(), naturals.length)]).toEqual(naturals)
      expect(same([...readSigned(two.view(), integers.length)])).toEqual(same(integers))
    }
  )

  it.prop(
    "any bytes are read or refused, and what is read is written as the same bytes",
    [fc.uint8Array()],
    ([bytes]) => {
      const buffer = Buffer.from(bytes)
      for (let count = 0; count <= Math.min(buffer.length, 6); count++) {
        const column = new ColumnWriter()
        try {
          for (const value of readSigned(buffer, count)) column.signed(value)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes)
          continue
        }
        expect(column.view()).toEqual(buffer)
      }
    }
  )

  it("are refused too long, beyond 2^53 - 1, or cut short", () => {
    for (const digits of ["8000", "80", "ff", "ffffffffffffff7f", "80808080808080808001", "ffffffffffffffff01"]) {
      expect(() => new ByteReader(Buffer.from(digits, "hex")).varint()).toThrow(MalformedBytes)
      expect(() => new ByteReader(Buffer.from(digits, "hex")).signed()).toThrow(MalformedBytes)
    }
    expect(new ByteReader(Buffer.from("ffffffffffffff0f", "hex")).varint()).toBe(Number.MAX_SAFE_INTEGER)
    expect(new ByteReader(Buffer.from("feffffffffffff1f", "hex")).signed()).toBe(Number.MAX_SAFE_INTEGER)
    expect(new ByteReader(Buffer.from("fdffffffffffff1f", "hex")).signed()).toBe(-Number.MAX_SAFE_INTEGER)
  })
})
