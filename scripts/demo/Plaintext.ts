/** Looks for the commands of a history in what a store holds. */

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface StoredFile {
  readonly name: string
  readonly bytes: Buffer
}

/** Every file below a directory, as it lies on the disk. */
export const filesUnder = (directory: string): ReadonlyArray<StoredFile> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .map((path) => ({ name: path.slice(directory.length + 1), bytes: readFileSync(path) }))

/**
 * Which of these texts occur in the bytes. Short texts would be found in any noise and are left out: eight bytes occur in a megabyte of noise with a
 * chance of one in 10^13.
 */
export const textsIn = (bytes: Buffer, texts: Iterable<string>): ReadonlyArray<string> =>
  [...texts].filter((text) => Buffer.byteLength(text) >= SHORTEST && bytes.includes(text, 0, "utf8"))

export const SHORTEST = 8
