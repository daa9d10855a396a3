import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readPrivate, removePrivate, writePrivate } from "../../src/platform/PrivateFile.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

const text = (found: Option.Option<Uint8Array>) =>
  Option.getOrUndefined(Option.map(found, (bytes) => Buffer.from(bytes).toString()))
const mode = (path: string) => statSync(path).mode & 0o777

describe("a private file", () => {
  it.scoped("is for its owner alone, and so are the directories made for it", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "a", "b", "key")
      yield* writePrivate(path, "secret")
      expect(text(yield* readPrivate(path))).toBe("secret")
      expect(mode(path)).toBe(0o600)
      expect(mode(join(path, ".."))).toBe(0o700)
      expect(mode(join(path, "..", ".."))).toBe(0o700)
    })
  )

  it.scoped("is replaced as a whole and leaves nothing beside it", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const path = join(directory, "key")
      yield* writePrivate(path, "a much longer first text")
      yield* writePrivate(path, "second")
      expect(text(yield* readPrivate(path))).toBe("second")
      expect(readdirSync(directory)).toEqual(["key"])
    })
  )

  it.scoped("takes with it what killed writes left, when it is written and when it is removed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const path = join(directory, "key")
      const plantStray = () => writeFileSync(join(directory, ".~key.0123456789ab"), "secret", { mode: 0o600 })
      writeFileSync(join(directory, ".~key2.0123456789ab"), "another's")
      plantStray()
      yield* writePrivate(path, "secret")
      expect(readdirSync(directory)).toEqual([".~key2.0123456789ab", "key"])
      plantStray()
      yield* removePrivate(path)
      expect(readdirSync(directory)).toEqual([".~key2.0123456789ab"])
    })
  )

  it.scoped("that cannot be written leaves nothing behind and says why", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      mkdirSync(join(directory, "key", "in-the-way"), { recursive: true })
      const error = yield* Effect.flip(writePrivate(join(directory, "key"), "x"))
      expect(error._tag).toBe("PrivateFileError")
      expect(readdirSync(directory)).toEqual(["key"])
    })
  )

  it.scoped("that is not there is none, and removing it is no error", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "key")
      expect(yield* readPrivate(path)).toEqual(Option.none())
      yield* removePrivate(path)
      yield* writePrivate(path, "x")
      yield* removePrivate(path)
      expect(yield* readPrivate(path)).toEqual(Option.none())
    })
  )

  it.scoped("that others may write is refused", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "key")
      writeFileSync(path, "planted")
      chmodSync(path, 0o620)
      const error = yield* Effect.flip(readPrivate(path))
      expect(error.reason).toBe("Exposed")
      expect(error.message).toContain(`chmod 600 ${path}`)
    })
  )

  it.scoped("that others may read is read, and closed to them", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "key")
      writeFileSync(path, "seen")
      chmodSync(path, 0o644)
      expect(text(yield* readPrivate(path))).toBe("seen")
      expect(mode(path)).toBe(0o600)
    })
  )

  it.scoped("is no directory", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(readPrivate(yield* temporaryDirectory))).reason).toBe("Exposed")
    })
  )
})
