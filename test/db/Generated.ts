/** Small worlds for the property tests: few ids, few texts, few moments, so that everything meets everything. */

import { FastCheck } from "effect"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { importedId, liveId } from "../../src/domain/EntryId.ts"
import type { ForgetRule } from "../../src/domain/ForgetRule.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { twinKeysOf } from "../../src/domain/Twin.ts"

export const DEVICES = ["c", "a", "b"].map((digit) => digit.repeat(32) as DeviceId)

const BASE = 1_700_000_000_000_000

const maybe = <A>(...values: ReadonlyArray<A>) => FastCheck.constantFrom<A | null>(null, ...values)

const command = FastCheck.constantFrom("ls", "echo ünïcode 日本 🎉")

/** What may differ between two bodies under one id. */
const variable = FastCheck.record({
  duration: maybe(10, 20),
  exit: maybe(0, 1),
  cwd: maybe("/a", "/b"),
  host: maybe("laptop", "server"),
  user: maybe("me", "you"),
  shell: maybe("zsh", "bash"),
  device: FastCheck.constantFrom(...DEVICES)
})

const live = FastCheck.record({
  counter: FastCheck.integer({ min: 0, max: 1 }),
  tenths: FastCheck.constantFrom(0, 7, 10, 15, 24, 30),
  command,
  session: FastCheck.constant("one"),
  body: variable
}).map(({ body, command, counter, session, tenths }): Entry => {
  const start = BASE + tenths * 100_000
  return {
    id: liveId(session, counter, start, command),
    start,
    command,
    session,
    origin: "live",
    ordinal: counter,
    ...body
  }
})

const imported = FastCheck.record({
  ordinal: FastCheck.integer({ min: 0, max: 1 }),
  second: maybe(0, 1, 2, 3),
  command,
  origin: FastCheck.constantFrom("import:zsh", "import:bash"),
  body: variable
}).map(({ body, command, ordinal, origin, second }): Entry => {
  const start = second === null ? null : BASE + second * 1_000_000
  return { id: importedId(start, command, ordinal), start, command, session: null, origin, ordinal, ...body }
})

export const entry = FastCheck.oneof(live, imported)

export const rule: FastCheck.Arbitrary<ForgetRule> = FastCheck.record({
  ids: FastCheck.array(entry, { maxLength: 2 }),
  twins: FastCheck.array(entry, { maxLength: 1 }),
  windows: FastCheck.array(
    FastCheck.record({
      from: FastCheck.integer({ min: 0, max: 30 }),
      length: FastCheck.integer({ min: 0, max: 6 }),
      device: maybe(...DEVICES)
    }),
    { maxLength: 1 }
  )
}).map(({ ids, twins, windows }) => ({
  ids: ids.map(({ id }) => id),
  twins: twins.flatMap(twinKeysOf),
  windows: windows.map(({ device, from, length }) => ({
    from: BASE + from * 100_000,
    to: BASE + (from + length) * 100_000,
    device
  }))
}))

export const operation: FastCheck.Arbitrary<Operation> = FastCheck.oneof(
  { weight: 12, arbitrary: entry.map((entry) => ({ kind: "add", entry }) as const) },
  {
    weight: 4,
    arbitrary: FastCheck.record({ entry, exit: maybe(0, 1), duration: maybe(10, 20) }).map(
      ({ duration, entry, exit }) => ({ kind: "finish", id: entry.id, exit, duration }) as const
    )
  },
  { weight: 2, arbitrary: rule.map((rule) => ({ kind: "forget", rule }) as const) },
  { weight: 1, arbitrary: entry.map(({ id }) => ({ kind: "purged", identity: id }) as const) }
)
