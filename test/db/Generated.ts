/** Small worlds for the property tests: few ids, few texts, few moments, so that everything meets everything. */

import { FastCheck } from "effect"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { importedId, liveId } from "../../src/domain/EntryId.ts"
import type { ForgetRule } from "../../src/domain/ForgetRule.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { twinKeysOf, undatedTwinKey } from "../../src/domain/Twin.ts"

export const DEVICES = ["c", "a", "b"].map((digit) => digit.repeat(32) as DeviceId)

const BASE = 1_700_000_000_000_000

const maybe = <A>(...values: ReadonlyArray<A>) => FastCheck.constantFrom<A | null>(null, ...values)

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

/** Live entries and those of history files, near each other and not. */
const PLACES = [
  ["ls", 7, "live"],
  ["ls", 15, "live"],
  ["ls", 24, "live"],
  ["echo ünïcode 日本 🎉", 10, "live"],
  ["ls", 0, "import:zsh"],
  ["ls", 10, "import:zsh"],
  ["ls", 20, "import:bash"],
  ["ls", 90, "import:bash"],
  ["echo ünïcode 日本 🎉", 0, "import:zsh"],
  ["ls", null, "import:zsh"]
] as const

export const entry: FastCheck.Arbitrary<Entry> = FastCheck.record({
  place: FastCheck.constantFrom(...PLACES),
  body: variable
}).map(({ body, place: [command, tenths, origin] }) => {
  const start = tenths === null ? null : BASE + tenths * 100_000
  const live = origin === "live" && start !== null
  const id = live ? liveId("one", 0, start, command) : importedId(start, command, 0)
  return { id, start, command, session: live ? "one" : null, origin, ordinal: 0, ...body }
})

export const rule: FastCheck.Arbitrary<ForgetRule> = FastCheck.oneof(
  entry.map(({ id }): ForgetRule => ({ ids: [id], twins: [], windows: [] })),
  entry.map((entry): ForgetRule => ({ ids: [entry.id], twins: twinKeysOf(entry), windows: [] })),
  entry.map((entry): ForgetRule => ({ ids: [], twins: twinKeysOf(entry), windows: [] })),
  // As for a text: whenever it ran.
  entry.map((entry): ForgetRule => ({
    ids: [entry.id],
    twins: [...twinKeysOf(entry), undatedTwinKey(entry.command)],
    windows: []
  })),
  FastCheck.record({
    from: FastCheck.constantFrom(0, 5, 7, 20, 30),
    length: FastCheck.constantFrom(0, 3, 10),
    device: maybe(...DEVICES)
  }).map(({ device, from, length }): ForgetRule => {
    const window = { from: BASE + from * 100_000, to: BASE + (from + length) * 100_000, device }
    return { ids: [], twins: [], windows: [window] }
  })
)

const finish = FastCheck.record({ entry, exit: maybe(0, 1), duration: maybe(10, 20) }).map(
  ({ duration, entry, exit }): Operation => ({ kind: "finish", id: entry.id, exit, duration })
)

/** Many entries and few rules: otherwise little is left to be seen. */
export const operations: FastCheck.Arbitrary<Array<Operation>> = FastCheck.tuple(
  FastCheck.array(
    entry.map((entry): Operation => ({ kind: "add", entry })),
    { minLength: 4, maxLength: 25 }
  ),
  FastCheck.array(finish, { maxLength: 4 }),
  FastCheck.array(
    rule.map((rule): Operation => ({ kind: "forget", rule })),
    { maxLength: 2 }
  ),
  FastCheck.array(
    entry.map(({ id }): Operation => ({ kind: "purged", identity: id })),
    { maxLength: 1 }
  )
).map((parts) => parts.flat())
