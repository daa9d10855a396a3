/**
 * Bytes written and read one value after another.
 *
 *     varint    unsigned, 0 to 2^53 - 1: LEB128, seven bits a byte, lowest first, the high bit set on all bytes but the last; no longer than it has to be
 *     signed    a varint of 2·v for v >= 0, of -2·v - 1 for v < 0; within ±2^52
 */

/** Why bytes cannot be read as what they should be; caught where the format's own error is made of it. */
export class MalformedBytes extends Error {}

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
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    this.buffer[this.length++] = rest
  }

  signed(value: number): void {
    this.varint(value >= 0 ? 2 * value : -2 * value - 1)
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
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  private grow(by: number): void {
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.length + by))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
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
    let value = first & 0x7f
    let scale = 0x80
    for (let count = 1; count < MAX_VARINT_BYTES; count++) {
      const next = this.byte()
      value += (next & 0x7f) * scale
      if (next < 0x80) {
        if (next === 0 || !Number.isSafeInteger(value)) break
        return value
      }
      scale *= 0x80
    }
    throw new MalformedBytes("a number out of range")
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
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
}

const MAX_VARINT_BYTES = 8
