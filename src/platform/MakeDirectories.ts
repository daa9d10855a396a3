/**
 * Makes a directory and those above it where they are missing, durably; gives what it made, from the top down.
 *
 * Node's own recursive mkdir never ends where a file system answers ENOENT though the parent is there (/proc, some automounts).
 */

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { errno } from "./Errno.ts"

export const makeDirectories = (path: string, mode: number): ReadonlyArray<string> => {
  const missing: Array<string> = []
  for (let each = path; !existsSync(each); each = dirname(each)) missing.unshift(each)
  for (const each of missing) {
    try {
      mkdirSync(each, { mode })
      syncNames(dirname(each))
    } catch (cause) {
      // Another process made it in the meantime.
      if (errno(cause) !== "EEXIST") throw cause
    }
  }
  return missing
}

/** A new name is on the disk when its directory is. Some file systems (network, FUSE) cannot sync one, nor may everybody read every one. */
const CANNOT_SYNC: ReadonlyArray<string | undefined> = ["EINVAL", "ENOTSUP", "ENOSYS", "EISDIR", "EBADF", "EACCES"]

const syncNames = (directory: string): void => {
  try {
    const handle = openSync(directory, "r")
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (cause) {
    // Then there is no more to be had; a disk that fails is another matter.
    if (!CANNOT_SYNC.includes(errno(cause))) throw cause
  }
}
