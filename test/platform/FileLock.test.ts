import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Scope } from "effect"
import { spawn } from "node:child_process"
import { statSync } from "node:fs"
import { join } from "node:path"
import { acquireLock } from "../../src/platform/FileLock.ts"
import { asNobody } from "./AsNobody.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

/** A process that takes the lock, says so, and keeps it until it is killed. */
const holder = (path: string) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof spawn>>((resume) => {
      const script = `
        const Database = require("better-sqlite3")
        const database = new Database(${JSON.stringify(path)}, { timeout: 0 })
        database.exec("BEGIN EXCLUSIVE")
        console.log("held")
        setInterval(() => database, 1000)`
      const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] })
      child.stdout.once("data", () => resume(Effect.succeed(child)))
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

describe("the lock", () => {
  it.scopedLive("is held by one at a time and free again when the scope closes", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "new", "lock")
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* acquireLock(path, 0)
          const error = yield* Effect.flip(Effect.scoped(acquireLock(path, 0)))
          expect(error.reason).toBe("Busy")
        })
      )
      yield* Effect.scoped(acquireLock(path, 0))
    })
  )

  it.scopedLive("is a file that nobody else can read, and so hold", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "lock")
      yield* Effect.scoped(acquireLock(path, 0))
      expect(statSync(path).mode & 0o777).toBe(0o600)
    })
  )

  it.scopedLive("is waited for, but no longer than allowed", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "lock")
      const holding = yield* Scope.make()
      yield* Scope.extend(acquireLock(path, 0), holding)
      const [waited, refused] = yield* Effect.timed(Effect.exit(Effect.scoped(acquireLock(path, "50 millis"))))
      expect(Exit.isFailure(refused)).toBe(true)
      expect(Duration.toMillis(waited)).toBeGreaterThan(40)
      expect(Duration.toMillis(waited)).toBeLessThan(10_000)
      const held = yield* Effect.fork(Effect.scoped(acquireLock(path, "1 minute")))
      yield* Effect.sleep("20 millis")
      yield* Scope.close(holding, Exit.void)
      yield* Fiber.join(held)
    })
  )

  it.scopedLive("excludes other processes and dies with its holder", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "lock")
      const child = yield* holder(path)
      expect(Exit.isFailure(yield* Effect.exit(Effect.scoped(acquireLock(path, "60 millis"))))).toBe(true)
      child.kill("SIGKILL")
      yield* Effect.scoped(acquireLock(path, "5 seconds"))
    })
  )

  it.scopedLive("writes nothing, and a waiting fiber can be interrupted", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "lock")
      yield* acquireLock(path, 0)
      expect(statSync(path).size).toBe(0)
      const waiting = yield* Effect.fork(Effect.scoped(acquireLock(path, "1 hour")))
      yield* Effect.sleep("40 millis")
      expect(Exit.isInterrupted(yield* Fiber.interrupt(waiting))).toBe(true)
    })
  )

  it.scopedLive("that may not be opened is Denied", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const error = yield* Effect.flip(asNobody(Effect.scoped(acquireLock(join(directory, "lock"), 0))))
      expect(error.reason).toBe("Denied")
    })
  )
})
