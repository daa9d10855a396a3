/**
 * How words are looked for in commands. The trigram index narrows the search where a word has three characters at least; whether a command
 * matches is always decided on its text.
 */

/** Whether a command holds every word, upper or lower case. */
export const matcher = (words: ReadonlyArray<string>): ((command: string) => boolean) => {
  const wanted = words.map((word) => word.toLowerCase())
  return (command) => {
    const text = command.toLowerCase()
    return wanted.every((word) => text.includes(word))
  }
}

/** LIKE patterns (escape character: backslash) that everything with these words fits: SQLite knows upper and lower case of ASCII only. */
export const likePatterns = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words.map((word) => `%${Array.from(word.slice(0, LONGEST_PATTERN), (character) => likeOf(character)).join("")}%`)

/** SQLite takes patterns of up to 50,000 bytes. */
const LONGEST_PATTERN = 1_000

const likeOf = (character: string): string => {
  if (character === "%" || character === "_" || character === "\\") return `\\${character}`
  const cased = character > "\x7f" && character.toLowerCase() !== character.toUpperCase()
  return cased ? "_" : character
}

/** An FTS5 query that everything with these words matches, or null where no word is long enough. */
export const trigramQuery = (words: ReadonlyArray<string>): string | null => {
  const trigrams = new Set(words.flatMap(trigramsOf))
  return trigrams.size === 0
    ? null
    : Array.from(trigrams, (trigram) => `"${trigram.replaceAll('"', '""')}"`).join(" AND ")
}

/** A long word is told by some of its trigrams, evenly spread, as well as by all. */
const MOST = 12

const trigramsOf = (word: string): ReadonlyArray<string> => {
  // The index ends a text at a NUL.
  const characters = Array.from(word.split("\0")[0] ?? "")
  const count = characters.length - 2
  if (count < 1) return []
  const step = Math.max(1, count / MOST)
  const trigrams: Array<string> = []
  for (let at = 0; at < count; at += step) trigrams.push(characters.slice(Math.floor(at), Math.floor(at) + 3).join(""))
  return trigrams
}
