/** What bytes of UTF-8 stand for, as far as searching cares. */

/** Letters, digits and everything beyond ASCII: what words are made of. */
export const isWordByte = (byte: number): boolean =>
  (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte >= 128
