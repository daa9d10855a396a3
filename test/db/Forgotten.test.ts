/** What is forgotten is nowhere in the database's files. */

import { describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, FastCheck } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { HistoryDb, type HistoryDbService } from "../../src/db/HistoryDb.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { twinKeysOf } from "../../src/domain/Twin.ts"
import { file, imported, live, T0, temporaryDirectory } from "./Samples.ts"

const ruleFor = (entries: ReadonlyArray<Entry>) => ({
  ids: entries.map(({ id }) => id),
  twins: entries.flatMap(twinKeysOf),
  windows: []
})

/** Which of the texts some file of the directory holds. */
const heldIn = (directory: string, texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const bytes = Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
  return texts.filter((text) => bytes.includes(text))
}

const opened = <A, E>(directory: string, use: (db: HistoryDbService) => Effect.Effect<A, E>) =>
  Effect.flatMap(HistoryDb, use).pipe(Effect.provide(file(join(directory, "history.db"))))

const secretOf = (entry: Entry) => [entry.command, entry.cwd ?? "", entry.session ?? ""].filter((text) => text !== "")

describe("the files of a database", () => {
  it.scoped("hold nothing of a forgotten entry, while open and when closed: command, directory, session", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const secret = live("export TOKEN=hunter2-hunter2", T0, {
        cwd: "/home/me/secret-project",
        session: "secret-session"
      })
      const long = live(`echo ${"long-secret ".repeat(2000)}`, T0 + 1, { cwd: "/home/me/other-project" })
      const secrets = [...secretOf(secret), "hunter2", "long-secret", "other-project"]
      yield* opened(directory, ({ log }) =>
        Effect.gen(function* () {
          yield* log.record([live("make", T0), secret, long, live("make test", T0)])
          expect(heldIn(directory, secrets)).toEqual(secrets)
          yield* log.forget(ruleFor([secret, long]))
          expect(heldIn(directory, secrets)).toEqual([])
        })
      )
      expect(heldIn(directory, secrets)).toEqual([])
      expect(heldIn(directory, ["make test"])).toEqual(["make test"])
    })
  )

  it.scoped("hold nothing of what a peer's rule removes, nor of what it refuses", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const removed = live("curl -u admin:removed-secret", T0)
      const refused = live("curl -u admin:refused-secret", T0, { cwd: "/refused-directory" })
      const secrets = ["removed-secret", "refused-secret", "refused-directory"]
      yield* opened(directory, ({ log, peers }) =>
        Effect.gen(function* () {
          yield* log.record([removed])
          yield* peers.apply(removed.device, 1, [
            { kind: "add", entry: refused },
            { kind: "forget", rule: ruleFor([removed, refused]) }
          ])
          yield* peers.apply(removed.device, 3, [{ kind: "add", entry: refused }])
          expect(heldIn(directory, secrets)).toEqual([])
        })
      )
      expect(heldIn(directory, secrets)).toEqual([])
    })
  )

  it.scoped("hold nothing of the values that a merge replaced, once the entry is forgotten", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const entry = live("make", T0)
      const secrets = ["/replaced/directory", "replaced-host", "replaced-command", "kept-command"]
      yield* opened(directory, ({ log }) =>
        Effect.gen(function* () {
          yield* log.record([
            live("stays", T0),
            { ...entry, command: "replaced-command", cwd: "/replaced/directory", host: "replaced-host" }
          ])
          yield* log.record([{ ...entry, command: "kept-command", cwd: "/a", host: "a" }])
          yield* log.record([{ ...entry, command: "zzz-lost-command", cwd: "/z/lost", host: "z-lost" }])
          yield* log.forget(ruleFor([entry]))
          expect(heldIn(directory, [...secrets, "zzz-lost-command", "/z/lost", "z-lost"])).toEqual([])
          expect(heldIn(directory, ["stays"])).toEqual(["stays"])
        })
      )
    })
  )

  it.scoped.prop(
    "hold nothing of any of many entries, whatever was recorded and forgotten before",
    [
      FastCheck.array(
        FastCheck.tuple(FastCheck.integer({ min: 1, max: 400 }), FastCheck.infiniteStream(FastCheck.boolean())),
        { minLength: 2, maxLength: 6 }
      )
    ],
    ([rounds]) =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const forgotten: Array<string> = []
        let kept: Array<Entry> = []
        let count = 0
        yield* opened(directory, ({ history, log }) =>
          Effect.gen(function* () {
            for (const [size, coins] of rounds) {
              const entries = Array.from({ length: size }, () => {
                const index = (count = count + 1)
                // Lengths that make pages split and merge, in no order.
                const text = `cmd-${(index * 7919) % 10007}-${"pad".repeat((index * 31) % 97)}-end${index}`
                return index % 3 === 0
                  ? imported(text, T0 + index * 1_000_000)
                  : live(text, T0 + index, { cwd: `/dir-${(index * 7919) % 10007}-end${index}` })
              })
              yield* log.record(entries)
              const all = [...kept, ...entries]
              const going = all.filter(() => coins.next().value === true)
              kept = all.filter((entry) => !going.includes(entry))
              yield* log.forget(ruleFor(going))
              for (const entry of going) forgotten.push(entry.command, ...(entry.cwd === null ? [] : [entry.cwd]))
              expect(heldIn(directory, forgotten)).toEqual([])
            }
            expect((yield* history.find({ words: ["cmd-"], limit: Infinity })).length).toBe(kept.length)
            for (const entry of kept.slice(0, 20)) {
              const word = entry.command.slice(-9)
              expect((yield* history.find({ words: [word], limit: Infinity })).map(({ id }) => id)).toContain(entry.id)
            }
          })
        )
        expect(existsSync(join(directory, "history.db-wal"))).toBe(false)
        expect(heldIn(directory, forgotten)).toEqual([])
        const database = new Sqlite(join(directory, "history.db"))
        expect(database.pragma("integrity_check", { simple: true })).toBe("ok")
        database.exec("INSERT INTO commands_fts (commands_fts, rank) VALUES ('integrity-check', 0)")
        database.close()
      }),
    { fastCheck: { numRuns: Number(process.env["HX_TEST_RUNS"] ?? 8) } }
  )

  it.scoped(
    "hold no piece of a forgotten command that the trigram index was made of, in whatever order and number they go",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        let made = 0
        // No two characters of any two of them are alike, so that every pair is its own; the index shortens a term by what it begins with like the last.
        const unlike = (length: number) =>
          Array.from({ length }, () => String.fromCodePoint(0x4e00 + ((made++ * 7919) % 20_000))).join("")
        const pairsOf = (text: string) => Array.from({ length: text.length - 2 }, (_, at) => text.slice(at + 1, at + 3))
        const gone: Array<string> = []
        yield* opened(directory, ({ log }) =>
          Effect.gen(function* () {
            for (const [round, [secrets, others, length]] of ROUNDS.entries()) {
              const going = Array.from({ length: secrets }, (_, index) =>
                live(`curl ${unlike(length)}`, T0 + round * 1_000_000 + index)
              )
              yield* log.record(going.slice(0, secrets / 2))
              const text = (index: number) =>
                `cmd ${((round * 31 + index) * 7919) % 10_007} ${"pad".repeat(index % 40)}`
              const others_ = Array.from({ length: others }, (_, index) =>
                live(text(index), T0 + round * 1_000_000 + 500_000 + index)
              )
              yield* log.record(others_)
              yield* log.record(going.slice(secrets / 2))
              const pairs = going.flatMap(({ command }) => pairsOf(command.slice(5)))
              expect(heldIn(directory, pairs).length).toBeGreaterThan(pairs.length * 0.9)
              for (const entry of going) yield* log.forget(ruleFor([entry]))
              gone.push(...pairs)
              expect(heldIn(directory, gone)).toEqual([])
            }
          })
        )
        expect(heldIn(directory, gone)).toEqual([])
      })
  )
})

/** How many are forgotten, how many others there are, and how long the forgotten ones are; up to index pages that split and join. */
const ROUNDS = [
  [2, 10, 40],
  [10, 600, 20],
  [30, 1_500, 30]
] as const
