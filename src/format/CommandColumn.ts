/** The commands of a segment: the list of distinct texts, and the column that refers to it; sections 1 and 2 of Segment.ts. */

import { ColumnWriter, MalformedBytes } from "./ByteColumn.ts"
import { COMMAND, RECENT } from "./Segment.ts"
import { TextList } from "./TextList.ts"

export class CommandColumn {
  private readonly texts = new TextList()
  /** For each add, the number of its text in the list. */
  private readonly used: Array<number> = []

  add(command: string): void {
    this.used.push(this.texts.number(command))
  }

  /** Bytes of both sections, at most. */
  get size(): number {
    return this.texts.size + 3 * this.used.length
  }

  finish(): { readonly texts: Buffer; readonly column: Buffer } {
    const uses = new Uint32Array(this.texts.count)
    for (const text of this.used) uses[text] = (uses[text] ?? 0) + 1
    const numbers = new Int32Array(this.texts.count).fill(-1)
    const recent = new Recent()
    const column = new ColumnWriter()
    let next = 0
    for (const text of this.used) {
      const number = numbers[text] ?? -1
      if (uses[text] === 1) column.varint(COMMAND.once)
      else if (number === -1) {
        column.varint(COMMAND.first)
        numbers[text] = next
        recent.use(next++)
      } else {
        const rank = recent.use(number)
        column.varint(rank === -1 ? COMMAND.numbered + number : COMMAND.recent + rank)
      }
    }
    return { texts: this.texts.encode(), column: column.view() }
  }
}

/** Gives the commands back, one for each value of the column. */
export class CommandReader {
  private readonly texts: ReadonlyArray<string>
  private next = 0
  private readonly numbered: Array<string> = []
  private readonly recent = new Recent()

  constructor(texts: ReadonlyArray<string>) {
    this.texts = texts
  }

  read(value: number): string {
    if (value <= COMMAND.first) {
      const text = this.texts[this.next++]
      if (text === undefined) throw new MalformedBytes("more commands than texts")
      if (value === COMMAND.first) this.recent.use(this.numbered.push(text) - 1)
      return text
    }
    const number = value < COMMAND.numbered ? this.recent.at(value - COMMAND.recent) : value - COMMAND.numbered
    const text = number === undefined ? undefined : this.numbered[number]
    if (number === undefined || text === undefined) throw new MalformedBytes("a command that has not occurred yet")
    this.recent.use(number)
    return text
  }

  end(): void {
    if (this.next !== this.texts.length) throw new MalformedBytes("commands that nothing refers to")
  }
}

/** The numbers used last, each once, the latest first. */
class Recent {
  private readonly numbers: Array<number> = []

  at(rank: number): number | undefined {
    return this.numbers[rank]
  }

  /** Brings a number to the front and tells where it was; -1 where it was not among the recent. */
  use(number: number): number {
    const { numbers } = this
    const rank = numbers.indexOf(number)
    let index = rank === -1 ? Math.min(numbers.length, RECENT - 1) : rank
    for (; index > 0; index--) numbers[index] = numbers[index - 1] ?? 0
    numbers[0] = number
    return rank
  }
}
