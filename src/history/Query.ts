/**
 * What a person types to find commands: words in any order, each a part of the command, upper or lower case. Double quotes around several
 * words make a phrase of them, spaces and all. A quote inside a word, or one that is not closed, is looked for as it stands.
 */

export const parseQuery = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/(?<!\S)"([^"]+)"(?!\S)|\S+/g), ([word, phrase]) => phrase ?? word)
