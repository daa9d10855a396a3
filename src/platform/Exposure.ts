/**
 * Whether others can change a file or directory that hx trusts, and closing it to them.
 *
 * What belongs to another user is refused: whoever owns it can change it whenever they like (root may, and root runs hx for others). What only its
 * mode opens is closed, with a warning, since what stands in it may have been put there; where closing does not work (a file system without modes)
 * it stays a warning. A directory in which nobody can touch what belongs to others (sticky, like /tmp) and the home directory are left alone.
 */

import { chmodSync, lstatSync, type Stats, statSync } from "node:fs"
import { homedir } from "node:os"
import { errno } from "./Errno.ts"

export type Exposure =
  | { readonly _tag: "Closed" }
  /** It was open to others, or still is: for a warning. */
  | { readonly _tag: "WasOpen"; readonly detail: string }
  | { readonly _tag: "Refused"; readonly detail: string }

const CLOSED: Exposure = { _tag: "Closed" }

/** Of what a path leads to, links followed; what is not there is closed. Throws what the file system throws. */
export const closeToOthers = (path: string): Exposure => judge(path, statsOf(path, statSync))

/** Of a file that is never a symbolic link unless somebody made it one: it could lead anywhere. */
export const closeUnlinked = (path: string): Exposure => {
  const found = statsOf(path, lstatSync)
  return found?.isSymbolicLink() === true
    ? { _tag: "Refused", detail: `${path} is a symbolic link, which hx never makes` }
    : judge(path, found)
}

/** Whether a user other than this one and root owns it. */
export const isForeign = ({ uid }: Pick<Stats, "uid">): boolean => {
  const self = process.getuid?.()
  return self !== undefined && self !== 0 && uid !== self && uid !== 0
}

const OTHERS_WRITE = 0o022
const STICKY = 0o1000

const judge = (path: string, found: Stats | undefined): Exposure => {
  if (found === undefined) return CLOSED
  if (isForeign(found)) return { _tag: "Refused", detail: `${path} belongs to another user (${found.uid})` }
  if ((found.mode & OTHERS_WRITE) === 0 || isLeftAlone(path, found)) return CLOSED
  const closed = found.mode & 0o7777 & ~OTHERS_WRITE
  const detail = `Other users could change ${path}`
  return isNowClosed(path, closed)
    ? { _tag: "WasOpen", detail: `${detail}; its mode is now 0${closed.toString(8)}` }
    : { _tag: "WasOpen", detail: `${detail}, and still can; make it yours alone: chmod go-w ${path}` }
}

const isLeftAlone = (path: string, found: Stats): boolean =>
  found.isDirectory() && ((found.mode & STICKY) !== 0 || path === homedir())

const isNowClosed = (path: string, mode: number): boolean => {
  try {
    chmodSync(path, mode)
  } catch (cause) {
    if (errno(cause) === undefined) throw cause
  }
  return ((statsOf(path, statSync)?.mode ?? 0) & OTHERS_WRITE) === 0
}

/** Where a path cannot lead anywhere there is nothing to close: whoever opens it says why. */
const NOWHERE: ReadonlyArray<string | undefined> = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]

const statsOf = (path: string, look: (path: string) => Stats): Stats | undefined => {
  try {
    return look(path)
  } catch (cause) {
    if (NOWHERE.includes(errno(cause))) return undefined
    throw cause
  }
}
