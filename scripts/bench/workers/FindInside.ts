/** Times a query inside a process: its first, and the median of some more. Words: the database, what is looked for. */

import { Effect, Layer } from "effect"
import { HistoryDb } from "../../../src/db/HistoryDb.ts"
import { Entropy } from "../../../src/platform/Entropy.ts"
import { median } from "../Sample.ts"

const [file = "", ...words] = process.argv.slice(2)

const timedFind = Effect.gen(function* () {
  const db = yield* HistoryDb
  const [began, used] = [performance.now(), process.cpuUsage()]
  const found = yield* db.history.find({ words, limit: 50 })
  const { system, user } = process.cpuUsage(used)
  return { took: performance.now() - began, cpu: (user + system) / 1000, hits: found.length }
})

const program = Effect.gen(function* () {
  const first = yield* timedFind
  const more = yield* Effect.replicateEffect(timedFind, 9)
  return { first: first.took, cpu: first.cpu, again: median(more.map(({ took }) => took)), hits: first.hits }
}).pipe(Effect.provide(Layer.provide(HistoryDb.layer(file), Entropy.layer)))

console.log(JSON.stringify(await Effect.runPromise(program))) // the edge: this file is the program of a worker
