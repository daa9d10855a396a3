/**
 * Numbers as bytes.
 *
 *     varint    0 to 2^53 - 1: LEB128, seven bits a byte, lowest first, the high bit set on all bytes but the last; no longer than it has to be
 *     signed    within ±(2^53 - 1): as a varint of 2·v for v >= 0, of -2·v - 1 for v < 0
 *     column    many varints in planes: the first byte of each, then the second byte of each that has one, and so on. Low and high bits are apart
 *               then, and compress better. How many numbers there are is known from elsewhere
 */

/** Why bytes cannot be read as what they should be; made into the format's own error where it is known what they are. */
export class MalformedBytes extends Error {}

/** 7 bits each: enough for 2^54. */
const MAX_VARINT_BYTES = 8

export class ByteWriter {
  length = 0
  private buffer: Buffer

  constructor(capacity = 64) {
    this.buffer = Buffer.allocUnsafe(capacity)
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.grow(1)
    this.buffer[this.length++] = value
  }

  varint(value: number): void {
    if (this.length + MAX_VARINT_BYTES > this.buffer.length) this.grow(MAX_VARINT_BYTES)
    let rest = value
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80
      rest = shiftSeven(rest)
    }
    this.buffer[this.length++] = rest
  }

  signed(value: number): void {
    const magnitude = value >= 0 ? value : -value - 1
    const low = 2 * (magnitude % 64) + (value >= 0 ? 0 : 1)
    if (magnitude < 64) return this.byte(low)
    this.byte(low | 0x80)
    this.varint(Math.floor(magnitude / 64))
  }

  bytes(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.buffer.length) this.grow(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  hex(digits: string): void {
    const size = digits.length / 2
    if (this.length + size > this.buffer.length) this.grow(size)
    this.length += this.buffer.write(digits, this.length, "hex")
  }

  /** UTF-8; `size` is its length in bytes. */
  text(text: string, size: number): void {
    if (this.length + size > this.buffer.length) this.grow(size)
    this.length += this.buffer.write(text, this.length, "utf8")
  }

  /** What has been written; valid until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  private grow(by: number): void {
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + by))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

export class ColumnWriter {
  /** Bytes. */
  length = 0
  private readonly first = new ByteWriter()
  private readonly more: Array<ByteWriter> = []

  varint(value: number): void {
    if (value < 0x80) {
      this.length++
      return this.first.byte(value)
    }
    this.continued(value & 0x7f, shiftSeven(value))
  }

  signed(value: number): void {
    const magnitude = value >= 0 ? value : -value - 1
    const low = 2 * (magnitude % 64) + (value >= 0 ? 0 : 1)
    if (magnitude < 64) {
      this.length++
      return this.first.byte(low)
    }
    this.continued(low, Math.floor(magnitude / 64))
  }

  view(): Buffer {
    return Buffer.concat([this.first.view(), ...this.more.map((plane) => plane.view())])
  }

  private continued(low: number, above: number): void {
    this.first.byte(low | 0x80)
    let rest = above
    let depth = 0
    for (; rest >= 0x80; rest = shiftSeven(rest)) this.plane(depth++).byte((rest & 0x7f) | 0x80)
    this.plane(depth).byte(rest)
    this.length += depth + 2
  }

  private plane(depth: number): ByteWriter {
    return (this.more[depth] ??= new ByteWriter())
  }
}

export class ByteReader {
  private at = 0
  private readonly buffer: Buffer

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get remaining(): number {
    return this.buffer.length - this.at
  }

  byte(): number {
    const value = this.buffer[this.at++]
    if (value === undefined) throw new MalformedBytes("cut short")
    return value
  }

  varint(): number {
    const first = this.byte()
    if (first < 0x80) return first
    return checked((first & 0x7f) + 0x80 * this.rest())
  }

  signed(): number {
    const first = this.byte()
    const above = first < 0x80 ? 0 : this.rest()
    return signedOf(first & 0x7f, above)
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new MalformedBytes("cut short")
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }

  hex(size: number): string {
    if (size > this.remaining) throw new MalformedBytes("cut short")
    this.at += size
    return this.buffer.toString("hex", this.at - size, this.at)
  }

  /** A varint ‖ that many bytes. */
  block(): Buffer {
    return this.bytes(this.varint())
  }

  end(): void {
    if (this.remaining !== 0) throw new MalformedBytes("longer than it should be")
  }

  /** The bytes of a varint after the first, as the number they stand for. */
  private rest(): number {
    let value = 0
    let scale = 1
    for (let count = 1; count < MAX_VARINT_BYTES; count++) {
      const next = this.byte()
      value += (next & 0x7f) * scale
      if (next < 0x80) {
        if (next === 0) throw new MalformedBytes("a number longer than it has to be")
        return value
      }
      scale *= 0x80
    }
    throw new MalformedBytes("a number out of range")
  }
}

/** A column of this many varints. */
export const readVarints = (bytes: Buffer, count: number): Float64Array => {
  const { low, above } = readPlanes(bytes, count)
  for (let index = 0; index < count; index++) {
    const first = low[index] as number
    const rest = above[index] as number
    above[index] = rest === 0 ? first : checked((first & 0x7f) + 0x80 * rest)
  }
  return above
}

/** A column of this many signed numbers. */
export const readSigned = (bytes: Buffer, count: number): Float64Array => {
  const { low, above } = readPlanes(bytes, count)
  for (let index = 0; index < count; index++)
    above[index] = signedOf((low[index] as number) & 0x7f, above[index] as number)
  return above
}

/** The first byte of each number, and what its further bytes stand for. */
const readPlanes = (bytes: Buffer, count: number) => {
  if (count > bytes.length) throw new MalformedBytes("cut short")
  const low = bytes.subarray(0, count)
  const above = new Float64Array(count)
  let open: Array<number> = []
  for (let index = 0; index < count; index++) if ((low[index] as number) >= 0x80) open.push(index)
  let at = count
  let scale = 1
  for (let depth = 1; open.length > 0; depth++) {
    if (depth === MAX_VARINT_BYTES) throw new MalformedBytes("a number out of range")
    if (open.length > bytes.length - at) throw new MalformedBytes("cut short")
    const further: Array<number> = []
    for (const index of open) {
      const next = bytes[at++] as number
      above[index] = (above[index] as number) + (next & 0x7f) * scale
      if (next >= 0x80) further.push(index)
      else if (next === 0) throw new MalformedBytes("a number longer than it has to be")
    }
    open = further
    scale *= 0x80
  }
  if (at !== bytes.length) throw new MalformedBytes("longer than it should be")
  return { low, above }
}

const shiftSeven = (value: number): number => (value < 0x8000_0000 ? value >>> 7 : Math.floor(value / 0x80))

const checked = (value: number): number => {
  if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes("a number out of range")
  return value
}

const signedOf = (low: number, above: number): number => {
  const magnitude = checked(64 * above + (low >> 1))
  return low % 2 === 0 ? magnitude : checked(magnitude + 1) * -1
}
