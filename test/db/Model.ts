/** The rules of the history, written down once more and naively: the set of operations in, what is visible out. */

import { type Entry, isLive } from "../../src/domain/Entry.ts"
import type { ForgetRule } from "../../src/domain/ForgetRule.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { twinKey, undatedTwinKey } from "../../src/domain/Twin.ts"

export const visible = (operations: ReadonlyArray<Operation>): ReadonlyArray<Entry> => {
  const adds = operations.flatMap((operation) => (operation.kind === "add" ? [operation.entry] : []))
  const rules = operations.flatMap((operation) => (operation.kind === "forget" ? [operation.rule] : []))
  const gone = new Set(operations.flatMap((operation) => (operation.kind === "purged" ? [operation.identity] : [])))
  for (const add of adds) if (rules.some((rule) => covers(rule, add))) gone.add(add.id)

  const entries = Array.from(new Set(adds.map(({ id }) => id)))
    .filter((id) => !gone.has(id) && !rules.some((rule) => rule.ids.includes(id)))
    .map((id) => {
      const bodies = adds.filter((add) => add.id === id)
      const finishes = operations.flatMap((each) => (each.kind === "finish" && each.id === id ? [each] : []))
      const least = <K extends keyof Entry>(key: K) => smallest(bodies.map((body) => body[key]))
      return {
        ...bodies[0]!,
        duration: smallest([...bodies, ...finishes].map(({ duration }) => duration)),
        exit: smallest([...bodies, ...finishes].map(({ exit }) => exit)),
        cwd: least("cwd"),
        host: least("host"),
        user: least("user"),
        shell: least("shell"),
        origin: least("origin"),
        device: least("device")
      }
    })
  const shadowed = (entry: Entry) =>
    !isLive(entry) &&
    entries.some(
      (other) =>
        isLive(other) &&
        other.command === entry.command &&
        (other.host === null || entry.host === null || other.host === entry.host) &&
        entry.start !== null &&
        Math.abs((other.start ?? 0) - entry.start) <= 1_000_000
    )
  return entries.filter((entry) => !shadowed(entry)).sort((a, b) => (a.id < b.id ? -1 : 1))
}

const covers = (rule: ForgetRule, { command, device, origin, start }: Entry): boolean => {
  if (start === null) return origin !== "live" && rule.twins.includes(undatedTwinKey(command))
  if (origin !== "live" && rule.twins.includes(twinKey(Math.floor(start / 1_000_000), command))) return true
  const slack = origin === "live" ? 0 : 1_000_000
  return rule.windows.some(
    (window) =>
      (window.device === null || window.device === device) && start >= window.from - slack && start <= window.to + slack
  )
}

/** Strings here are ASCII, so that their order is that of their bytes. */
const smallest = <A extends string | number | null>(values: ReadonlyArray<A>): A =>
  values.reduce((least, value) => (least === null || (value !== null && value < least) ? value : least))
