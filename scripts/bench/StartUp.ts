/** How long hx takes to start, against node itself. */

import { join } from "node:path"
import { makeDevice, plainHx, timed } from "./Program.ts"
import { median, type Row, seconds } from "./Sample.ts"

const MEASURES: ReadonlyArray<readonly [words: ReadonlyArray<string>, goal: number]> = [
  [["--version"], 2.2],
  [["find", "x"], 2.6]
]

export const measureStartUp = async (directory: string, rounds: number): Promise<ReadonlyArray<Row>> => {
  const device = makeDevice(join(directory, "start-up"))
  const bare: Array<number> = []
  const ours: ReadonlyArray<Array<number>> = MEASURES.map(() => [])
  for (const [words] of MEASURES) await plainHx(device, ...words)
  for (let round = 0; round < rounds; round++) {
    bare.push((await timed(process.execPath, ["-e", "0"], device)).wall)
    for (const [index, [words]] of MEASURES.entries()) ours[index]?.push((await plainHx(device, ...words)).wall)
  }
  const floor = median(bare)
  return MEASURES.map(([words, goal], index) => {
    const wall = median(ours[index] ?? [])
    return {
      measure: `start-up: hx ${words.join(" ")}`,
      size: null,
      goal: `≤ ${goal} ×`,
      measured: `${(wall / floor).toFixed(2)} ×`,
      met: wall / floor <= goal,
      detail: `hx ${seconds(wall)}, node -e 0 ${seconds(floor)}; medians of ${rounds} runs in turn`
    }
  })
}
