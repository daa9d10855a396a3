/** Permissions do not bind root, who can start hx as nobody, where nobody may read hx. */

import { spawnSync } from "node:child_process"
import { ENTRY } from "./Hx.ts"

/** Whom to be instead of root; undefined where this is not root. */
export const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

const mayRun = (): boolean => {
  const { status } = spawnSync(process.execPath, [ENTRY, "--version"], { ...nobody, cwd: "/", env: {} })
  return status === 0
}

/** Why permissions cannot be tested here; undefined where they can. */
export const whyNotAsNobody = ((): string | undefined => {
  if (process.platform === "win32") return "no permissions of this kind"
  return nobody === undefined || mayRun() ? undefined : "the user nobody may not read hx"
})()
