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
  /** Milliseconds: the first query of a process, when nothing is in its cache yet, and what of it was processor time; the median of more. */
  readonly first: number
  readonly cpu: number
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
  const found: Array<{ query: string; inside: number; cpu: number; again: number; beyond: number; hits: number }> = []
  for (const words of QUERIES) {
    const told: Array<Inside> = []
    const beyond: Array<number> = []
    for (let round = 0; round < rounds; round++) {
      const startUp = (await plainHx(empty, "find", ...words)).wall
      beyond.push((await plainHx(device, "find", ...words)).wall - startUp)
      told.push(await worker<Inside>("FindInside", join(device.data, "history.db"), ...words))
    }
    found.push({
      query: words.join(" "),
      inside: median(told.map(({ first }) => first)),
      cpu: median(told.map(({ cpu }) => cpu)),
      again: median(told.map(({ again }) => again)),
      beyond: median(beyond),
      hits: told[0]?.hits ?? 0
    })
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
          ({ again, beyond, cpu, hits, inside, query }) =>
            `"${query}" ${hits} hits ${seconds(inside)} (${seconds(cpu)} of processor time; again ${seconds(again)}; hx find takes ${seconds(Math.max(0, beyond))} more than on nothing)`
        )
        .join("; ")
    }
  ]
}
