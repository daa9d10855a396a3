/**
 * Commands as one stretch of bytes: UTF-8 in lower case, each followed by a byte that UTF-8 never has. Half a million of them take as much memory as
 * their characters, and are looked through within milliseconds. A command is known by the number it got when it was added.
 */

export class CommandTexts {
  bytes = Buffer.allocUnsafe(1 << 16)
  /** Where each command begins; one more than there are commands. */
  private starts = new Uint32Array(1 << 10)
  size = 0

  add(text: string): number {
    const lower = text.toLowerCase()
    const begin = this.starts[this.size]!
    this.makeRoom(begin + Buffer.byteLength(lower) + 1)
    const end = begin + this.bytes.write(lower, begin)
    this.bytes[end] = SEPARATOR
    this.starts[++this.size] = end + 1
    return this.size - 1
  }

  startOf(command: number): number {
    return this.starts[command]!
  }

  /** Behind its last byte. */
  endOf(command: number): number {
    return this.starts[command + 1]! - 1
  }

  /** Its first bytes as text, at most so many. */
  beginning(command: number, bytes: number): string {
    const begin = this.startOf(command)
    return this.bytes.toString("utf8", begin, Math.min(this.endOf(command), begin + bytes))
  }

  /** The first command from `from` on that may hold these bytes, and does; `size` where there is none. */
  nextWith(needle: Buffer, from: number): number {
    if (from >= this.size) return this.size
    const at = this.bytes.subarray(0, this.starts[this.size]).indexOf(needle, this.starts[from])
    return at === -1 ? this.size : this.commandAt(at, from)
  }

  private commandAt(position: number, from: number): number {
    let [low, high] = [from, this.size - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.starts[middle]! <= position) low = middle
      else high = middle - 1
    }
    return low
  }

  private makeRoom(bytes: number): void {
    if (bytes > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, this.bytes.length * 2))
      this.bytes.copy(larger, 0, 0, this.starts[this.size])
      this.bytes = larger
    }
    if (this.size + 2 > this.starts.length) {
      const longer = new Uint32Array(this.starts.length * 2)
      longer.set(this.starts)
      this.starts = longer
    }
  }
}

const SEPARATOR = 0xff

/** Where these bytes are in a stretch of others; -1 where they are not. For short stretches: a call into native code costs more than it saves. */
export const indexOfBytes = (bytes: Buffer, needle: Buffer, from: number, end: number): number => {
  const first = needle[0]
  const last = end - needle.length
  search: for (let at = from; at <= last; at++) {
    if (bytes[at] !== first) continue
    for (let index = 1; index < needle.length; index++) if (bytes[at + index] !== needle[index]) continue search
    return at
  }
  return -1
}
