import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { find, type FindRequest } from "../../src/history/Find.ts"
import { parseQuery } from "../../src/history/Query.ts"
import { imported, live, memory, SECOND, T0 } from "../db/Samples.ts"

/** The commands found, newest first, by the words typed; each recorded a second after the one before. */
const found = Effect.fnUntraced(function* (
  commands: ReadonlyArray<string>,
  query: string,
  more: Partial<FindRequest> = {}
) {
  const { log } = yield* HistoryDb
  yield* log.record(commands.map((command, index) => live(command, T0 + index * SECOND)))
  return (yield* find({ query, limit: 50, ...more })).map((entry) => entry.command)
})

describe("parseQuery", () => {
  it("takes words, and phrases in double quotes", () => {
    expect(parseQuery(`  git   "commit -m"  x `)).toEqual(["git", "commit -m", "x"])
  })

  it("takes a quote inside a word, one that is not closed, and an empty pair as they stand", () => {
    expect(parseQuery(`--name="x y"`)).toEqual([`--name="x`, `y"`])
    expect(parseQuery(`echo "hi there`)).toEqual(["echo", `"hi`, "there"])
    expect(parseQuery(`"" '`)).toEqual([`""`, "'"])
    expect(parseQuery(" ")).toEqual([])
  })
})

describe("find", () => {
  const history = [
    "git commit -m 'first'",
    "git push --force-with-lease",
    "docker run -it --rm alpine:3.19 sh -c 'echo 100%'",
    "SELECT * FROM users WHERE name LIKE 'a_b%'",
    "echo 日本語の履歴",
    "echo ÄRGER über Größe",
    "echo 🎉 party",
    'grep -rn "TODO" src\\lib', // a text that people look for, not a task
    "for f in *.txt; do\n  cat $f\ndone",
    "ls"
  ]

  const finds = (query: string, ...expected: ReadonlyArray<string>) =>
    it.effect(`${JSON.stringify(query)} finds ${expected.length === 0 ? "nothing" : expected.join(" | ")}`, () =>
      Effect.gen(function* () {
        const commands = yield* found(history, query)
        expect(commands.length).toBe(expected.length)
        expected.forEach((part, index) => expect(commands[index]).toContain(part))
      }).pipe(Effect.provide(memory))
    )

  finds("GIT", "push", "commit")
  finds("commit git", "commit")
  finds("push commit")
  finds('"git commit"', "git commit")
  finds('"commit git"')
  finds("it", "docker", "push", "commit")
  finds("g p", "grep", "push")
  finds("%", "SELECT", "docker")
  finds("100%", "docker")
  finds("_", "SELECT")
  finds("a_b", "SELECT")
  finds("*", "for f", "SELECT")
  finds("* FROM", "SELECT")
  finds('"* FROM"', "SELECT")
  finds("--rm -it", "docker")
  finds("-it --rm", "docker")
  finds("'first'", "commit")
  finds('"TODO"', "grep") // the same text
  finds('"TODO', "grep") // and its beginning
  finds("src\\lib", "grep")
  finds("\\", "grep")
  finds("日", "日本語")
  finds("本語", "日本語")
  finds("日本語", "日本語")
  finds("語の履歴", "日本語")
  finds("ärger", "ÄRGER")
  finds("ÜBER grösse")
  finds("ÜBER größe", "ÄRGER")
  finds("🎉", "party")
  finds("🎉 party", "party")
  finds('"🎉 party"', "party")
  finds("done", "for f")
  finds("ls", "ls")
  finds("no such command anywhere")
  finds("AND")
  finds("OR NOT")

  it.effect("without a query gives the newest, undated entries last, those taken in last first", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record([
        imported("undated one", null),
        live("old", T0),
        imported("undated two", null),
        live("new", T0 + 1)
      ])
      const commands = (yield* find({ query: "", limit: 0 })).map(({ command }) => command)
      expect(commands).toEqual(["new", "old", "undated two", "undated one"])
      expect((yield* find({ query: "un", limit: 0 })).map(({ command }) => command)).toEqual([
        "undated two",
        "undated one"
      ])
      expect((yield* find({ query: "undated", limit: 1 })).map(({ command }) => command)).toEqual(["undated two"])
    }).pipe(Effect.provide(memory))
  )

  it.effect("filters by time, exit code, directory, host and session", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record([
        live("make a", T0, { exit: 0, cwd: "/a", host: "one", session: "x" }),
        live("make b", T0 + SECOND, { exit: 2, cwd: "/a/b", host: "two", session: "y" }),
        imported("make c", null)
      ])
      for (const query of ["", "make", "m"]) {
        const commands = (filters: Partial<FindRequest>) =>
          Effect.map(find({ query, limit: 50, ...filters }), (entries) => entries.map(({ command }) => command))
        expect(yield* commands({ after: T0 + 1 })).toEqual(["make b"])
        expect(yield* commands({ after: T0 })).toEqual(["make b", "make a"])
        expect(yield* commands({ before: T0 + SECOND })).toEqual(["make a"])
        expect(yield* commands({ exit: 2 })).toEqual(["make b"])
        expect(yield* commands({ cwd: "/a" })).toEqual(["make a"])
        expect(yield* commands({ host: "two" })).toEqual(["make b"])
        expect(yield* commands({ session: "x" })).toEqual(["make a"])
        expect(yield* commands({ session: "x", host: "two" })).toEqual([])
        expect(yield* commands({ cwd: "/nowhere" })).toEqual([])
        expect(yield* commands({ limit: 2 })).toEqual(["make b", "make a"])
      }
    }).pipe(Effect.provide(memory))
  )

  it.effect("shows neither what is shadowed nor what is forgotten", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const gone = live("make secret", T0 + 5 * SECOND)
      yield* log.record([live("make", T0 + 400_000), imported("make", T0), imported("make", T0 + 9 * SECOND), gone])
      yield* log.forget({ ids: [gone.id], twins: [], windows: [] })
      for (const query of ["", "make", "m"]) {
        const origins = (yield* find({ query, limit: 50 })).map(({ origin }) => origin)
        expect(origins).toEqual(["import:zsh", "live"])
      }
    }).pipe(Effect.provide(memory))
  )

  it.effect.prop(
    "finds what looking at every command finds, few or many, however they are spread",
    [
      FastCheck.integer({ min: 0, max: 3 }),
      FastCheck.array(FastCheck.constantFrom("a", "B", "%", "_", " ", "é", "É", "日", '"', "ab"), {
        minLength: 1,
        maxLength: 4
      }),
      FastCheck.constantFrom(1, 3, 50)
    ],
    ([rare, word, limit]) =>
      Effect.gen(function* () {
        const { history, log } = yield* HistoryDb
        const words = [word.join("").trim() || "a", ...(rare > 1 ? ["needle"] : [])]
        // 3,000 commands with the needle among the oldest, the newest, or everywhere.
        const commands = Array.from({ length: 3000 }, (_, index) => {
          const needle = rare === 3 || (rare === 2 ? index < 9 : index > 2990) ? " Needle" : ""
          return `${["ab", "aB %_", 'É"日', "x é b"][index % 4]} ${index % 700}${needle}`
        })
        yield* log.record(commands.map((command, index) => live(command, T0 + index, { ordinal: index })))
        const fold = (text: string) => text.toLowerCase()
        const expected = commands
          .filter((command) => words.every((each) => fold(command).includes(fold(each))))
          .toReversed()
          .slice(0, limit)
        expect((yield* history.find({ words, limit })).map(({ command }) => command)).toEqual(expected)
      }).pipe(Effect.provide(memory)),
    { fastCheck: { numRuns: 25 } }
  )
})
