/** Entries that do not compress, so that few of them make a segment. */

import { Effect } from "effect"
import { createHash } from "node:crypto"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { imported, record, type TestDevice } from "./World.ts"

/** Some 90 bytes that do not compress, each. */
export const noise = (device: TestDevice, first: number, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => first + index),
    (number) =>
      imported(
        device,
        `echo ${number} ${createHash("sha512").update(String(number)).digest("base64")}`,
        1_600_000_000 + number
      )
  )

export const recordNoise = (device: TestDevice, first: number, count: number) =>
  Effect.flatMap(noise(device, first, count), (entries) => record(device, ...entries))

export const forgetAt = (device: TestDevice, numbers: ReadonlyArray<number>) =>
  Effect.flatMap(
    Effect.forEach(numbers, (number) => Effect.map(noise(device, number, 1), ([entry]) => entry!.id)),
    (ids) => device.as(Effect.flatMap(HistoryDb, (db) => db.log.forget({ ids, twins: [], windows: [] })))
  )
