/** Telling that this installation turned out to be a copy of another one. */

import type { Forked } from "../../../../sync/OwnManifest.ts"
import type { Json } from "../../../Output.ts"
import { counted } from "../../../Units.ts"

export const forkLines = (forks: ReadonlyArray<Forked>): ReadonlyArray<string> =>
  forks.map(
    ({ from, moved, to }) =>
      `This installation was a copy of device ${from}: it continues as a new device, ${to}; ${counted(moved, "entry", "entries")} moved with it.`
  )

export const forksJson = (forks: ReadonlyArray<Forked>): ReadonlyArray<Json> =>
  forks.map(({ from, moved, to }) => ({ from, to, moved }))
