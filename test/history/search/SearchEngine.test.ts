import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { type EngineOptions, SearchEngine } from "../../../src/history/search/SearchEngine.ts"
import { parseSearchQuery, startingWith } from "../../../src/history/search/SearchQuery.ts"
import type { RunFilter } from "../../../src/history/search/Runs.ts"

const HOUR = 3_600_000_000
const NOW = 500_000 * HOUR

interface Ran {
  readonly command: string
  /** Hours ago; null: nothing says when. */
  readonly ago: number | null
  readonly cwd?: number
  readonly session?: number
  readonly host?: number
  readonly exit?: number | null
}

const engineOf = (runs: ReadonlyArray<Ran>, options: Partial<EngineOptions> = {}) => {
  const engine = new SearchEngine({ here: 0, now: NOW, order: "ranked", ...options })
  const numbers = new Map<string, number>()
  for (const [index, { ago, command, cwd, exit = 0, host, session }] of runs.entries()) {
    const number = numbers.get(command) ?? numbers.size + 10
    if (!numbers.has(command)) engine.addCommand(number, command)
    numbers.set(command, number)
    const start = ago === null ? null : NOW - ago * HOUR
    engine.addRun([index + 1, number, cwd ?? null, session ?? null, host ?? null, exit, start])
  }
  engine.refresh()
  const names = new Map(Array.from(numbers, ([command, number]) => [number, command]))
  const finish = () => {
    while (!engine.work(() => true));
    return engine.answer()
  }
  return {
    engine,
    ask: (typed: string) => {
      engine.setQuery(parseSearchQuery(typed))
      return finish().hits.map(({ command }) => names.get(command))
    },
    filter: (filter: RunFilter) => {
      engine.setFilter(filter)
      return finish().hits.map(({ command, count }) => `${names.get(command)} ×${count}`)
    },
    answer: finish
  }
}

describe("the order", () => {
  it("without a query is newest first, what has no time last, each command once", () => {
    const { ask, answer } = engineOf([
      { command: "old", ago: 90 },
      { command: "undated", ago: null },
      { command: "new", ago: 1 },
      { command: "old", ago: 5 }
    ])
    expect(ask("")).toEqual(["new", "old", "undated"])
    expect(answer().hits.map(({ count }) => count)).toEqual([1, 2, 1])
  })

  it("puts exact before recent before fuzzy", () => {
    const { ask } = engineOf([
      { command: "gs", ago: 10_000 },
      { command: "logs", ago: 1 },
      { command: "git status", ago: 0 }
    ])
    expect(ask("gs")).toEqual(["gs", "logs", "git status"])
  })

  it("weighs how often, where, and whether it begins with what was typed", () => {
    const often = Array.from({ length: 64 }, (): Ran => ({ command: "make often", ago: 8 }))
    expect(engineOf([...often, { command: "make once", ago: 7 }]).ask("make")).toEqual(["make often", "make once"])
    const places = [
      { command: "make here", ago: 7, cwd: 4 },
      { command: "make there", ago: 1, cwd: 5 }
    ]
    expect(engineOf(places, { here: 4 }).ask("make")).toEqual(["make here", "make there"])
    expect(engineOf(places).ask("make")).toEqual(["make there", "make here"])
    expect(
      engineOf([
        { command: "sudo make it", ago: 3 },
        { command: "remake it", ago: 3 },
        { command: "make it", ago: 3 }
      ]).ask("make")
    ).toEqual(["make it", "sudo make it", "remake it"])
  })

  it("of the up arrow is the newest first, of what begins with the line", () => {
    const { answer, engine } = engineOf(
      [
        { command: "git push", ago: 9 },
        { command: "sudo git pull", ago: 1 },
        { command: "git pull", ago: 3 }
      ],
      { order: "newest" }
    )
    engine.setQuery(startingWith("git "))
    expect(answer().hits.map(({ start }) => start)).toEqual([NOW - 3 * HOUR, NOW - 9 * HOUR])
  })
})

describe("what is found", () => {
  const RUNS: ReadonlyArray<Ran> = [
    { command: "git push origin main", ago: 1, exit: 1, host: 1, session: 7, cwd: 3 },
    { command: "git push --force", ago: 2, host: 2, session: 8, cwd: 3 },
    { command: "git push origin main", ago: 3, host: 2, session: 8, cwd: 4 },
    { command: "échoué 日本", ago: 4, exit: null }
  ]

  it.each([
    ["main git", ["git push origin main"]],
    ["git !force", ["git push origin main"]],
    ["^git main$", ["git push origin main"]],
    ["'force$", []],
    ["force$", ["git push --force"]],
    ["/o.*n$/", ["git push origin main"]],
    ["ÉCHOUÉ", ["échoué 日本"]],
    ["日本", ["échoué 日本"]],
    ["gpom", ["git push origin main"]],
    ["nowhere", []]
  ])("by %j is %j", (typed, expected) => expect(engineOf(RUNS).ask(typed)).toEqual(expected))

  it("in a scope is counted there alone", () => {
    const { filter } = engineOf(RUNS)
    const among = (column: "cwd" | "session" | "host", ...numbers: ReadonlyArray<number>) =>
      filter({ among: { column, numbers: new Set(numbers) }, ended: "any" })
    expect(among("host", 2)).toEqual(["git push --force ×1", "git push origin main ×1"])
    expect(among("session", 7)).toEqual(["git push origin main ×1"])
    expect(among("cwd", 3, 4)).toEqual(["git push origin main ×2", "git push --force ×1"])
    expect(among("cwd")).toEqual([])
    expect(filter({ among: null, ended: "failed" })).toEqual(["git push origin main ×1"])
    expect(filter({ among: null, ended: "succeeded" })).toEqual(["git push --force ×1", "git push origin main ×1"])
  })

  it("takes in what comes while it is asked", () => {
    const { answer, ask, engine } = engineOf(RUNS)
    expect(ask("docker")).toEqual([])
    engine.addCommand(99, "docker ps")
    engine.addRun([99, 99, null, null, null, 0, NOW])
    engine.refresh()
    expect(answer().hits.map(({ command }) => command)).toEqual([99])
    engine.drop(99)
    expect(answer().hits).toEqual([])
  })

  const words = fc.array(fc.constantFrom("git", "push", "main", "docker", "run", "-f", "a", "日本"), { minLength: 1 })
  const history = fc.array(fc.record({ command: words.map((parts) => parts.join(" ")), ago: fc.nat(1000) }), {
    maxLength: 60
  })
  const typing = fc.stringMatching(/^[!^']?(git|push|a|日本|doc)( [!'^]?(main|ru|-f))?\$?$/)

  it.effect.prop("letter by letter is what the whole query finds at once", [history, typing], ([runs, typed]) =>
    Effect.sync(() => {
      const slow = engineOf(runs)
      let found = slow.ask("")
      for (let length = 1; length <= typed.length; length++) found = slow.ask(typed.slice(0, length))
      expect(found).toEqual(engineOf(runs).ask(typed))
    })
  )
})
