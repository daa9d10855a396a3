/** How many requests each kind of push and pull makes, counted, against what the contract of the store says. */

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { generateHistory } from "../generator/History.ts"
import { toZshExtended } from "../generator/HistoryText.ts"
import { type Device, hx, makeDevice } from "./Program.ts"
import type { Row } from "./Sample.ts"
import { SEED } from "./Workload.ts"

interface Step {
  readonly measure: string
  readonly expected: string
  readonly made: string
}

export const measureRequests = async (directory: string): Promise<ReadonlyArray<Row>> => {
  const base = join(directory, "requests")
  const [first, second] = [makeDevice(join(base, "first")), makeDevice(join(base, "second"))]
  const store = join(base, "store")
  mkdirSync(store)
  const file = join(base, "history")
  writeFileSync(file, "")
  const records = generateHistory({ seed: SEED, count: 20_000 })
  const more = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const next = records.next()
      if (next.done !== true) appendFileSync(file, toZshExtended(next.value))
    }
    await hx(first, "import", "--file", file)
  }
  const founded = await hx(first, "sync", "init", "--store", `folder:${store}`, "--json")
  const keyFile = join(first.data, "keys", (JSON.parse(founded.stdout) as { readonly vaultId: string }).vaultId)

  const steps: Array<Step> = []
  const step = async (measure: string, expected: string, device: Device, command: "push" | "pull") => {
    steps.push({ measure: `requests: ${measure}`, expected, made: await requestsOf(device, command) })
  }
  await more(200)
  await step("a small push", "1 put", first, "push")
  await step("nothing to push", "none", first, "push")
  await hx(second, "sync", "init", "--store", `folder:${store}`, "--key-file", keyFile)
  await step("first pull, one other device", "1 get, 1 list", second, "pull")
  await step("nothing to pull", "1 list", second, "pull")
  await more(100)
  await hx(first, "sync", "push")
  await step("one changed device", "1 get, 1 list", second, "pull")
  await more(19_000)
  await step("a push that seals a segment", "2 put", first, "push")
  await step("one changed device with a new segment", "2 get, 1 list", second, "pull")

  return steps.map(({ expected, made, measure }) => ({
    measure,
    size: null,
    goal: expected,
    measured: made,
    met: made === expected,
    detail: "folder store, with conditional writes"
  }))
}

const requestsOf = async (device: Device, command: "push" | "pull"): Promise<string> => {
  const { stdout } = await hx(device, "sync", command, "--verbose", "--json")
  const { requests } = JSON.parse(stdout) as { readonly requests: ReadonlyArray<{ readonly operation: string }> }
  const counts = new Map<string, number>()
  for (const { operation } of requests) counts.set(operation, (counts.get(operation) ?? 0) + 1)
  const words = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([operation, count]) => `${count} ${operation}`)
  return words.length === 0 ? "none" : words.join(", ")
}
