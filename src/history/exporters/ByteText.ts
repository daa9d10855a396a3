/** The bytes that a RawText stands for, as text with one character (U+0000..U+00FF) for each: what the shells' own files are made of. */

import * as RawText from "../../domain/RawText.ts"

export const byteText = (text: string): string =>
  NON_ASCII.test(text) ? Buffer.from(RawText.toBytes(text)).toString("latin1") : text

const NON_ASCII = /[^\x00-\x7f]/
