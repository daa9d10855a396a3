/** Writes and reads a device's database directly: captures without a shell, and what a device knows without `hx find`. */

import { Effect, Layer } from "effect"
import { join } from "node:path"
import { HistoryDb } from "../../../src/db/HistoryDb.ts"
import type { DeviceId } from "../../../src/domain/Device.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import { liveId } from "../../../src/domain/EntryId.ts"
import { Entropy } from "../../../src/platform/Entropy.ts"

const withDatabase = <A, E>(data: string, effect: Effect.Effect<A, E, HistoryDb>): Promise<A> => {
  const layer = Layer.provide(HistoryDb.layer(join(data, "history.db")), Entropy.layer)
  const provided = Effect.provide(effect, layer) as Effect.Effect<A, E>
  return Effect.runPromise(provided) // the edge: these tests drive the program from outside, with promises
}

/** Records these commands as captured by the device whose data directory this is, one a second. */
export const record = (
  data: string,
  commands: ReadonlyArray<string>,
  from = 1_700_000_000,
  more: Partial<Pick<Entry, "cwd" | "host" | "session">> = {}
): Promise<void> =>
  withDatabase(
    data,
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const device = yield* db.device.id
      yield* db.log.record(commands.map((command, index) => entry(device, command, from + index, index, more)))
    })
  )

/** Gives the device a name that `hx sync init --device` would refuse. */
export const rename = (data: string, label: string): Promise<void> =>
  withDatabase(
    data,
    Effect.flatMap(HistoryDb, (db) => db.device.rename(label))
  )

const entry = (
  device: DeviceId,
  command: string,
  second: number,
  counter: number,
  more: Partial<Pick<Entry, "cwd" | "host" | "session">>
): Entry => {
  const start = second * 1_000_000 + 1
  const session = more.session ?? `session-${second - counter}`
  return {
    id: liveId(session, counter, start, command),
    start,
    duration: 1_000,
    exit: 0,
    command,
    cwd: "/home/somebody",
    session,
    host: "host",
    user: "somebody",
    shell: "zsh",
    origin: "live",
    device,
    ordinal: counter,
    ...more
  }
}
