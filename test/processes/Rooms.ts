/** File systems of a test's own, small or read-only. Mounting needs root, or a user namespace in which we are root; where neither is, a reason is told. */

import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Why nothing can be mounted here; undefined where it can. */
export const NO_MOUNTS: string | undefined = ((): string | undefined => {
  if (process.platform !== "linux") return "no Linux"
  const place = mkdtempSync(join(tmpdir(), "hx-mount-"))
  try {
    const tried = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "hx-test", place], { encoding: "utf8" })
    if (tried.status !== 0) return `nothing can be mounted: ${(tried.error?.message ?? tried.stderr).trim()}`
    unmount(place)
    return undefined
  } finally {
    rmdirSync(place)
  }
})()

/** A tmpfs of so many KiB at this path. */
export const mountSmall = (path: string, kib: number): void => {
  mkdirSync(path, { recursive: true })
  mount(["-t", "tmpfs", "-o", `size=${kib}k,mode=700`, "hx-test", path])
}

export const remount = (path: string, options: string): void => mount(["-o", `remount,${options}`, path])

export function unmount(path: string): void {
  // Lazily: what a dying process has open is no reason to fail.
  spawnSync("umount", ["-l", path])
}

const mount = (words: ReadonlyArray<string>) => {
  const { status, stderr } = spawnSync("mount", words, { encoding: "utf8" })
  if (status !== 0) throw new Error(`mount ${words.join(" ")}: ${stderr}`)
}
