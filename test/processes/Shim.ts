/** Shim.c, built and used: kills and failures at an exact call of the file system, and a journal of what was written. */

import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Shim {
  /** The variables that put it before the C library, for changes below these directories. */
  readonly around: (roots: ReadonlyArray<string>, options?: ShimOptions) => Readonly<Record<string, string>>
}

export interface ShimOptions {
  /** What happens at the n-th call, from 1. */
  readonly act?:
    | { readonly do: "kill"; readonly at: number; readonly side: Side }
    | { readonly do: "fail" | "fail-from"; readonly at: number; readonly errno: keyof typeof ERRNO }
  /** Letters of the calls that count, see Shim.c; all by default. */
  readonly kinds?: string
  /** A file that the calls are written to. */
  readonly journal?: string
}

export const SIDES = ["before", "after", "torn"] as const
export type Side = (typeof SIDES)[number]

/** Linux's numbers. */
export const ERRNO = { EIO: 5, ENOSPC: 28, EDQUOT: 122, EROFS: 30 } as const

/** One call that changed something. */
export interface Call {
  readonly kind: "W" | "S" | "T" | "C" | "D" | "R" | "L" | "U"
  readonly inode: string
  readonly offset: number
  readonly path: string
  /** Of R and L, the new name. */
  readonly to: string
  readonly bytes: Buffer
}

/** Builds it; a string says why that cannot be. */
export const buildShim = (source: string): Shim | string => {
  if (process.platform !== "linux") return "no Linux"
  const library = join(mkdtempSync(join(tmpdir(), "hx-shim-")), "shim.so")
  const built = spawnSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-lpthread"], { encoding: "utf8" })
  if (built.error !== undefined) return "no C compiler (cc)"
  if (built.status !== 0) return `cc: ${built.stderr}`
  return {
    around: (roots, { act, journal, kinds } = {}) => ({
      LD_PRELOAD: library,
      HX_SHIM_ROOTS: roots.join(":"),
      ...(act === undefined ? {} : { HX_SHIM_ACT: actText(act) }),
      ...(kinds === undefined ? {} : { HX_SHIM_KINDS: kinds }),
      ...(journal === undefined ? {} : { HX_SHIM_JOURNAL: journal })
    })
  }
}

const actText = (act: NonNullable<ShimOptions["act"]>): string =>
  `${act.do}:${act.at}:${act.do === "kill" ? act.side : ERRNO[act.errno]}`

export const readJournal = (file: string): ReadonlyArray<Call> => {
  if (!existsSync(file)) return []
  const all = readFileSync(file)
  const calls: Array<Call> = []
  for (let at = 0; at < all.length;) {
    const end = all.indexOf(10, at)
    const [kind = "", inode = "", ...numbers] = all.toString("latin1", at, end).split(" ")
    const [offset = 0, length = 0, one = 0, two = 0] = numbers.map(Number)
    const paths = end + 1
    const data = paths + one + two
    // Only writes have bytes; a length is that of what arrived.
    const bytes = all.subarray(data, kind === "W" ? data + length : data)
    calls.push({
      kind: kind as Call["kind"],
      inode,
      offset,
      path: all.toString("utf8", paths, paths + one),
      to: all.toString("utf8", paths + one, data),
      bytes
    })
    at = data + bytes.length
  }
  return calls
}
