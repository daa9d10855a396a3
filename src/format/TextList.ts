/** Lists of texts in segments: UTF-8, each followed by the byte FF. */

import { isUtf8 } from "node:buffer"
import { ByteWriter, MalformedBytes } from "./ByteColumn.ts"
import { TEXT_END } from "./Segment.ts"

/** Distinct texts, numbered from 0 in order of first appearance. */
export class TextList {
  /** Bytes of all texts with their ends. */
  size = 0
  private readonly numbers = new Map<string, number>()

  get count(): number {
    return this.numbers.size
  }

  /** The number of a text, which becomes part of the list if it is new. */
  number(text: string): number {
    const known = this.numbers.get(text)
    if (known !== undefined) return known
    const number = this.numbers.size
    this.numbers.set(text, number)
    this.size += Buffer.byteLength(text, "utf8") + 1
    return number
  }

  encode(): Buffer {
    const list = new ByteWriter(this.size)
    for (const text of this.numbers.keys()) {
      list.text(text, Buffer.byteLength(text, "utf8"))
      list.byte(TEXT_END)
    }
    return list.view()
  }
}

/** A list of at most `limit` texts. */
export const readTexts = (bytes: Buffer, limit: number): ReadonlyArray<string> => {
  const texts: Array<string> = []
  let from = 0
  while (from < bytes.length) {
    if (texts.length === limit) throw new MalformedBytes("more texts than operations need")
    const end = bytes.indexOf(TEXT_END, from)
    if (end === -1) throw new MalformedBytes("a text without its end")
    const text = bytes.subarray(from, end)
    if (!isUtf8(text)) throw new MalformedBytes("text that is not UTF-8")
    texts.push(text.toString("utf8"))
    from = end + 1
  }
  return texts
}
