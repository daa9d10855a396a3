/**
 * Makes a directory and those above it where they are missing; gives what it made, from the top down.
 *
 * Node's own recursive mkdir never ends where a file system answers ENOENT though the parent is there (/proc, some automounts).
 */

import { existsSync, mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { errno } from "./Errno.ts"

export const makeDirectories = (path: string, mode: number): ReadonlyArray<string> => {
  const missing: Array<string> = []
  for (let each = path; !existsSync(each); each = dirname(each)) missing.unshift(each)
  for (const each of missing) {
    try {
      mkdirSync(each, { mode })
    } catch (cause) {
      // Another process made it in the meantime.
      if (errno(cause) !== "EEXIST") throw cause
    }
  }
  return missing
}
