/** Finding, in a history of a given size: as one waits for it, and inside the program once it has started. */

import { join } from "node:path"
import { type Device, makeDevice, plainHx, worker } from "./Program.ts"
import { judged, median, type Row, seconds } from "./Sample.ts"

/** What is everywhere, what is nowhere, what the trigram index cannot help with, and things between. */
const QUERIES: ReadonlyArray<ReadonlyArray<string>> = [
  ["git"],
  ["ls"],
  ["docker", "run"],
  ["openssl", "rsa:4096"],
  ["kubectl", "exec"],
  ["e"],
  ["no such command"]
]

const GOAL = 10

interface Inside {
  /** Milliseconds: the first query of a process, when nothing is in its cache yet; and the median of more. */
  readonly first: number
  readonly again: number
  readonly hits: number
}

export const measureFind = async (
  directory: string,
  device: Device,
  size: number,
  rounds: number
): Promise<ReadonlyArray<Row>> => {
  const empty = makeDevice(join(directory, "find-nothing"))
  const found: Array<{ query: string; inside: number; again: number; beyond: number; hits: number }> = []
  for (const words of QUERIES) {
    const [beyond, inside, again]: [Array<number>, Array<number>, Array<number>] = [[], [], []]
    let hits = 0
    for (let round = 0; round < rounds; round++) {
      const startUp = (await plainHx(empty, "find", ...words)).wall
      beyond.push((await plainHx(device, "find", ...words)).wall - startUp)
      const told = await worker<Inside>("FindInside", join(device.data, "history.db"), ...words)
      inside.push(told.first)
      again.push(told.again)
      hits = told.hits
    }
    const query = words.join(" ")
    found.push({ query, inside: median(inside), again: median(again), beyond: median(beyond), hits })
  }
  const slowest = found.reduce((a, b) => (b.inside > a.inside ? b : a))
  return [
    {
      measure: "find: 50 newest hits, the slowest of 7 queries",
      size,
      goal: `≤ ${GOAL} ms`,
      measured: seconds(slowest.inside),
      met: judged(size) ? slowest.inside <= GOAL : null,
      detail: found
        .map(
          ({ again, beyond, hits, inside, query }) =>
            `"${query}" ${hits} hits ${seconds(inside)} (again ${seconds(again)}; hx find takes ${seconds(Math.max(0, beyond))} more than on nothing)`
        )
        .join("; ")
    }
  ]
}
