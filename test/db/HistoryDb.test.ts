import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { liveId } from "../../src/domain/EntryId.ts"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { Entropy } from "../../src/platform/Entropy.ts"

const memory = Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded("a"))

describe("own log", () => {
  it.effect("records, reads, finishes, forgets", () =>
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const device = yield* db.device.id
      const e = live(device, 1_700_000_000_500_000, "git status", 1)
      expect(yield* db.log.record([e, e])).toMatchObject({ added: 1, known: 1 })
      expect(yield* db.log.record([{ ...e, cwd: "/x" }])).toMatchObject({ merged: 1 })
      yield* db.log.finish(e.id, 0, 5)
      yield* db.log.finish(e.id, 0, 5)
      const chain = yield* db.log.chainAt(3)
      expect(yield* db.log.chainAt(3)).toBe(chain)
      expect(yield* db.log.record([e])).toMatchObject({ refused: 1 })
    }).pipe(Effect.provide(memory))
  )
})
const live = (device: DeviceId, start: number, command: string, counter: number): Entry => ({
  id: liveId("s", counter, start, command),
  start,
  duration: null,
  exit: null,
  command,
  cwd: null,
  session: "s",
  host: "h",
  user: null,
  shell: "zsh",
  origin: "live",
  device,
  ordinal: counter
})
