/** Records entries as capturing them live does. Words: the database, how many. */

import { Effect, Layer } from "effect"
import { HistoryDb } from "../../../src/db/HistoryDb.ts"
import type { DeviceId } from "../../../src/domain/Device.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import { liveId } from "../../../src/domain/EntryId.ts"
import { Entropy } from "../../../src/platform/Entropy.ts"
import { generateHistory, type HistoryRecord } from "../../generator/History.ts"
import { SEED } from "../Workload.ts"

const [file = "", count = "0"] = process.argv.slice(2)
const BATCH = 5_000

const toEntry = (record: HistoryRecord, device: DeviceId): Entry => ({
  id: liveId(record.session, record.counter, record.start, record.command),
  start: record.start,
  duration: record.duration,
  exit: record.exit,
  command: record.command,
  cwd: record.cwd,
  session: record.session,
  host: record.host,
  user: record.user,
  shell: record.shell,
  origin: "live",
  device,
  ordinal: record.counter
})

const program = Effect.gen(function* () {
  const db = yield* HistoryDb
  const device = yield* db.device.id
  let batch: Array<Entry> = []
  for (const record of generateHistory({ seed: SEED, count: Number(count) })) {
    if (batch.push(toEntry(record, device)) < BATCH) continue
    yield* db.log.record(batch)
    batch = []
  }
  yield* db.log.record(batch)
  return yield* db.log.end
}).pipe(Effect.provide(Layer.provide(HistoryDb.layer(file), Entropy.layer)))

console.log(JSON.stringify({ operations: await Effect.runPromise(program) })) // the edge: this file is the program of a worker
