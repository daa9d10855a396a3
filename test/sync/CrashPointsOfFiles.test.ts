/**
 * Files that hx writes by itself (objects of a folder store, keys and credentials, exports): killed, cut from power or refused at any operation of
 * node:fs, what stood there stands, or what was to be written does, whole; a write that succeeded is on the disk; and the next one leaves nothing behind.
 */

import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, type Scope, Stream, TestClock } from "effect"
import { join } from "node:path"
import { readPrivate, removePrivate, writePrivate } from "../../src/platform/PrivateFile.ts"
import { readBytes, writeBytes } from "../../src/platform/UserFile.ts"
import { makeFolderStore } from "../../src/store/FolderObjectStore.ts"
import { Always, Create, IfMatch } from "../../src/store/ObjectStore.ts"
import { directoryWith, type Durable, watchDirectory } from "./CrashPoints.ts"

type Any<A> = Effect.Effect<A, unknown, Scope.Scope>

interface Scenario {
  readonly name: string
  /** What stands there before; "": nothing. */
  readonly old: string
  readonly prepare: (root: string) => Any<unknown>
  readonly write: (root: string) => Any<unknown>
  /** What is written; "": nothing any more. */
  readonly new: string
  /** What a later reader finds; "" where nothing is. */
  readonly read: (root: string) => Any<string>
}

const [OLD, NEW] = ["the old text ".repeat(50), "the new text ".repeat(80)]

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

const folder = (condition: "create" | "swap" | "always" | "delete", old: string): Scenario => {
  const name = "manifests/one.hxm"
  const read = (root: string) =>
    makeFolderStore(root)
      .get(name, 10_000)
      .pipe(
        Effect.map(({ bytes }) => text(bytes)),
        Effect.catchIf(
          (error) => error.reason === "Absent" || error.reason === "NoSuchFolder",
          () => Effect.succeed("")
        )
      )
  const put = (root: string) =>
    Effect.gen(function* () {
      const store = makeFolderStore(root)
      if (condition === "delete") return yield* store.delete(name)
      if (condition !== "swap") {
        const how = condition === "create" ? Create : Always
        const again = store.put(name, Buffer.from(NEW), { condition: how })
        // As push does where a create-only put finds that it had arrived.
        return yield* Effect.catchIf(
          again,
          (error) => error.reason === "AlreadyExists",
          () => Effect.void
        )
      }
      const { etag } = yield* store.get(name, 10_000)
      return yield* store.put(name, Buffer.from(NEW), { condition: IfMatch(etag) })
    })
  return {
    name: `folder store: ${condition}${old === "" ? ", nothing there yet" : ""}`,
    old,
    new: condition === "delete" ? "" : NEW,
    prepare: (root) =>
      old === "" ? Effect.void : makeFolderStore(root).put(name, Buffer.from(old), { condition: Always }),
    // Temporary files of killed runs are removed by a put an hour later; deleting makes none.
    write: (root) => Effect.zipRight(TestClock.setTime(Date.now() + 7_200_000), put(root)),
    read
  }
}

const keyOf = (root: string) => join(root, "keys", "vault")
const readKey = (root: string) => Effect.map(readPrivate(keyOf(root)), Option.match({ onNone: () => "", onSome: text }))

const exportOf = (root: string) => join(root, "history.json")
const pieces = Stream.fromIterable(
  [NEW.slice(0, 300), NEW.slice(300, 700), NEW.slice(700)].map((each) => Buffer.from(each))
)

const scenarios: ReadonlyArray<Scenario> = [
  folder("create", ""),
  folder("swap", OLD),
  folder("always", OLD),
  folder("delete", OLD),
  {
    name: "keys and credentials: the first",
    old: "",
    new: NEW,
    prepare: () => Effect.void,
    write: (root) => writePrivate(keyOf(root), NEW),
    read: readKey
  },
  {
    name: "keys and credentials: replaced",
    old: OLD,
    new: NEW,
    prepare: (root) => writePrivate(keyOf(root), OLD),
    write: (root) => writePrivate(keyOf(root), NEW),
    read: readKey
  },
  {
    name: "keys and credentials: removed",
    old: OLD,
    new: "",
    prepare: (root) => writePrivate(keyOf(root), OLD),
    write: (root) => removePrivate(keyOf(root)),
    read: readKey
  },
  ...["", OLD].map((old) => ({
    name: `an export to a file${old === "" ? "" : " that exists"}`,
    old,
    new: NEW,
    prepare: (root: string) =>
      old === "" ? Effect.void : writeBytes(exportOf(root), Stream.succeed(Buffer.from(old))),
    write: (root: string) =>
      Effect.zipRight(TestClock.setTime(Date.now() + 7_200_000), writeBytes(exportOf(root), pieces)),
    read: (root: string) =>
      Stream.runFold(readBytes(exportOf(root)), "", (all, bytes) => all + text(bytes)).pipe(
        Effect.catchIf(
          (error) => error.reason === "Absent",
          () => Effect.succeed("")
        )
      )
  }))
]

/** HX_CRASH_POINTS=all: each operation fails in each of these ways, and not in one of them. */
const EVERY = process.env["HX_CRASH_POINTS"] === "all"

const FAILURES = [
  { code: "EIO", done: false },
  { code: "ENOSPC", done: false },
  { code: "EIO", done: true }
]

const NOTHING: Durable["files"] = new Map()

const prove = (scenario: Scenario) =>
  Effect.gen(function* () {
    const start = yield* prepared(scenario)
    const calm = yield* Effect.scoped(
      Effect.flatMap(directoryWith(start), (root) => watchDirectory(root, scenario.write(root)))
    )
    expect(calm.exit).toMatchObject({ _tag: "Success" })
    // What succeeded is on the disk, and would be after a power failure.
    yield* after(scenario, { files: calm.lost }, "power failure in the end", [scenario.new], calm.files)
    for (const { point, state } of calm.watched.states.values()) {
      yield* after(scenario, state, point, [scenario.old, scenario.new], calm.files)
    }
    const { file } = calm.watched.operations
    for (let failed = 1; failed <= file; failed++) {
      for (const failure of EVERY ? FAILURES : FAILURES.slice(failed % 3, (failed % 3) + 1)) {
        let words = ""
        const fails = (operation: number, label: string) => {
          if (operation !== failed) return undefined
          words = `${failure.code} ${failure.done ? "after" : "instead of"} ${label}`
          return failure
        }
        const run = yield* Effect.scoped(
          Effect.flatMap(directoryWith(start), (root) => watchDirectory(root, scenario.write(root), { fails }))
        )
        expect(Exit.isFailure(run.exit) && Cause.isDie(run.exit.cause), words).toBe(false)
        const stands = Exit.isSuccess(run.exit) ? [scenario.new] : [scenario.old, scenario.new]
        yield* after(scenario, run.end, words, stands, calm.files)
        if (Exit.isSuccess(run.exit))
          yield* after(scenario, { files: run.lost }, `${words}, power failure`, stands, calm.files)
      }
    }
    const { points, states } = calm.watched
    console.log(
      `${scenario.name}: ${file} file operations, ${points} points, ${states.size} states, ${(EVERY ? FAILURES.length : 1) * file} failures`
    )
  })

const prepared = (scenario: Scenario) =>
  Effect.scoped(
    Effect.flatMap(directoryWith(NOTHING), (root) =>
      Effect.map(watchDirectory(root, scenario.prepare(root)), ({ files }) => files)
    )
  )

/** Finds one of these there; writes again; finds what was written, and no file more than there should be. */
const after = (
  scenario: Scenario,
  { files, survives }: Pick<Durable, "files" | "survives">,
  words: string,
  stands: ReadonlyArray<string>,
  wanted: Durable["files"]
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const root = yield* directoryWith(files)
      expect(stands, words).toContain(yield* scenario.read(root))
      const again = yield* watchDirectory(root, scenario.write(root), { survives })
      expect(again.exit, words).toMatchObject({ _tag: "Success" })
      expect(yield* scenario.read(root), words).toBe(scenario.new)
      // What it finds done is on the disk too when it says so.
      const lost = yield* directoryWith(again.lost)
      expect(yield* scenario.read(lost), `${words}, again, power failure`).toBe(scenario.new)
      const { files: left } = yield* watchDirectory(root, Effect.void)
      expect(namesIn(left), words).toEqual(namesIn(wanted))
    })
  )

/** But for the lock and what SQLite puts beside it. */
const namesIn = (files: Durable["files"]) => [...files.keys()].filter((name) => !name.startsWith(".~hx.lock")).sort()

describe("a file that hx writes is old or new, whatever happens", () => {
  it.scoped.each(scenarios)("$name", prove, 120_000)
})
