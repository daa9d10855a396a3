/** Telling that this installation turned out to be a copy of another one. */

import type { Forked } from "../../../../sync/OwnManifest.ts"
import type { Json } from "../../../Output.ts"
import { printable } from "../../../Printable.ts"
import { counted } from "../../../Units.ts"

export const forkLines = (forks: ReadonlyArray<Forked>): ReadonlyArray<string> =>
  forks.flatMap(({ from, moved, retiredBy, to }) => {
    const entries = counted(moved, "entry", "entries")
    if (retiredBy !== undefined) {
      const by = printable(retiredBy)
      return [
        `This device was retired by ${by}: it continues as a new device, ${to}, with all its history; ${moved === 0 ? "nothing" : entries} of it ${moved > 1 ? "are" : "is"} still to be published.`
      ]
    }
    return [
      `This installation was a copy of device ${from}: it continues as a new device, ${to}; ${entries} moved with it.`,
      `Where nobody uses the other one any more (a restored backup, say): hx sync devices forget ${from.slice(0, 8)}`
    ]
  })

export const forksJson = (forks: ReadonlyArray<Forked>): ReadonlyArray<Json> =>
  forks.map(({ from, moved, retiredBy, to }) => ({
    from,
    to,
    moved,
    ...(retiredBy === undefined ? {} : { retiredBy })
  }))
