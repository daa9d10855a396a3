/** What an entry costs in the store when it was captured live: µs times, directory, session, exit code and duration. */

import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { bytesUnder } from "./Lifecycle.ts"
import { hx, makeDevice, worker } from "./Program.ts"
import type { Row } from "./Sample.ts"

const GOAL = 20

export const measureLiveEntries = async (directory: string, size: number): Promise<ReadonlyArray<Row>> => {
  const device = makeDevice(join(directory, `live-${size}`))
  const store = join(directory, `live-${size}`, "store")
  mkdirSync(store)
  await worker("RecordLive", join(device.data, "history.db"), String(size))
  await hx(device, "sync", "init", "--store", `folder:${store}`)
  await hx(device, "sync", "push")
  const each = bytesUnder(store) / size
  return [
    {
      measure: "bytes per live entry",
      size,
      goal: `≤ ${GOAL}`,
      measured: each.toFixed(1),
      met: each <= GOAL,
      detail: "everything in the store, by the number of entries"
    }
  ]
}
