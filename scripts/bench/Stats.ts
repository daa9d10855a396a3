/** hx stats as one waits for it, start-up included, and what it takes of memory. */

import { type Device, hx, type Finished } from "./Program.ts"
import { judged, median, megabytes, type Row, seconds } from "./Sample.ts"

const ROUNDS = 5
const GOAL = 1_000

export const measureStats = async (device: Device, size: number): Promise<ReadonlyArray<Row>> => {
  const ran: Array<Finished> = []
  for (let round = 0; round < ROUNDS; round++) ran.push(await hx(device, "stats"))
  const wall = median(ran.map((each) => each.wall))
  return [
    {
      measure: "stats: all of the history",
      size,
      goal: `≤ ${seconds(GOAL)}`,
      measured: seconds(wall),
      met: judged(size) ? wall <= GOAL : null,
      detail: `median of ${ROUNDS}; ${seconds(median(ran.map(({ cpu }) => cpu)))} of processor time; ${megabytes(median(ran.map(({ memory }) => memory)))} resident at the peak, Node.js itself included`
    }
  ]
}
