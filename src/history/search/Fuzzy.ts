/**
 * Letters in this order, others between them: "gco" for "git checkout". The better the closer they stand, and the more of them begin a word.
 */

import { isWordByte } from "./Bytes.ts"

/** How well the letters fit, 1 at best and above 0; 0 where they are not there, or are so scattered that it is chance. One pass over the bytes and one back. */
export const fuzzyFit = (bytes: Buffer, needle: Buffer, from: number, end: number): number => {
  let at = from
  for (let index = 0; index < needle.length; at++) {
    if (at >= end) return 0
    if (bytes[at] === needle[index]) index++
  }
  const last = at
  // Backwards from where the last letter is: the closest stretch that ends there.
  let begun = 0
  for (let index = needle.length - 1; index >= 0;) {
    at--
    if (bytes[at] !== needle[index]) continue
    index--
    if (at === from || !isWordByte(bytes[at - 1]!)) begun++
  }
  const span = last - at
  if (span > WIDEST * needle.length + SLACK) return 0
  return (needle.length / span + begun / needle.length) / 2
}

/** Bytes that the letters may lie apart, for each and for all. */
const WIDEST = 3
const SLACK = 8
