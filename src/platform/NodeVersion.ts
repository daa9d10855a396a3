/** The Node.js that runs hx. */

import { Effect } from "effect"

/** "20.19.5" */
export const nodeVersion: Effect.Effect<string> = Effect.sync(() => process.versions.node)

/** What package.json's "engines" says, release line by release line: the first minor version of each that hx is tested with. */
const TESTED: ReadonlyMap<number, number> = new Map([
  [20, 19],
  [22, 12],
  [24, 0]
])

/** "old": it lacks what hx needs. "untried": it should do, but nobody has tested it. */
export const judgeNode = (version: string): "tested" | "untried" | "old" => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const least = TESTED.get(major)
  if (least !== undefined) return minor >= least ? "tested" : "old"
  return major < 20 ? "old" : "untried"
}
