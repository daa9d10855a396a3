/** A folder store used by several processes at once, and by processes that are killed. */

import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { build } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { makeFolderStore } from "../../src/store/FolderObjectStore.ts"
import { Create } from "../../src/store/ObjectStore.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/store/${path}`, import.meta.url)))

/** Counts up to the given number of times in the object "counter", by reading it and swapping it for the next number. */
const COUNT = `
  import { Effect } from "effect"
  import { makeFolderStore } from ${source("FolderObjectStore.ts")}
  import { IfMatch } from ${source("ObjectStore.ts")}
  const [root, times] = process.argv.slice(2)
  const store = makeFolderStore(root)
  const increment = Effect.gen(function* () {
    const { bytes, etag } = yield* store.get("counter", 1000)
    const next = String(Number(Buffer.from(bytes).toString()) + 1).padStart(900, "0")
    yield* store.put("counter", Buffer.from(next), { condition: IfMatch(etag) })
  }).pipe(Effect.retry({ while: (error) => error.reason === "SwapLost" || error.reason === "ServerFailure" }))
  await Effect.runPromise(Effect.repeatN(increment, Number(times) - 1)) // the edge: this file is run as a process of its own
`

const bundled = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const script = join(directory, "count.mjs")
  const { outputFiles } = yield* Effect.promise(() =>
    build({
      stdin: { contents: COUNT, resolveDir: fileURLToPath(new URL("../..", import.meta.url)), loader: "ts" },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      external: ["better-sqlite3"]
    })
  )
  writeFileSync(script, outputFiles[0]?.contents ?? "")
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(directory, "node_modules"))
  return (root: string, times: number): ChildProcess =>
    spawn(process.execPath, [script, root, String(times)], { stdio: ["ignore", "ignore", "inherit"] })
})

const ended = (child: ChildProcess) =>
  Effect.async<number | null>((resume) => void child.once("exit", (code) => resume(Effect.succeed(code))))

const start = Buffer.from("0".padStart(900, "0"))

describe("a folder store", () => {
  it.scopedLive("loses no swap when four processes swap one object at once", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const count = yield* bundled
      const store = makeFolderStore(root)
      yield* store.put("counter", start, { condition: Create })
      const codes = yield* Effect.all(
        Array.from({ length: 4 }, () => ended(count(root, 25))),
        { concurrency: "unbounded" }
      )
      expect(codes).toEqual([0, 0, 0, 0])
      expect(Number(Buffer.from((yield* store.get("counter", 1000)).bytes).toString())).toBe(100)
    })
  )

  it.scopedLive("has a whole object, and goes on, whenever its writer is killed", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const count = yield* bundled
      const store = makeFolderStore(root)
      yield* store.put("counter", start, { condition: Create })
      let last = 0
      for (let round = 0; round < 8; round++) {
        const child = count(root, 1_000_000)
        yield* Effect.sleep(300 + round * 37)
        const exit = yield* Effect.fork(ended(child))
        child.kill("SIGKILL")
        yield* exit
        const { bytes } = yield* store.get("counter", 1000)
        expect(bytes.length).toBe(900)
        const now = Number(Buffer.from(bytes).toString())
        expect(now).toBeGreaterThanOrEqual(last)
        last = now
        const names = Chunk.toReadonlyArray(yield* Stream.runCollect(store.list(""))).map(({ name }) => name)
        expect(names).toEqual(["counter"])
      }
      expect(last).toBeGreaterThan(0)
    })
  )
})
