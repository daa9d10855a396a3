import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { closeToOthers, closeUnlinked } from "../../src/platform/Exposure.ts"
import { readPrivate } from "../../src/platform/PrivateFile.ts"
import { asNobody } from "./AsNobody.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

const mode = (path: string) => statSync(path).mode & 0o7777

const withMode = (path: string, mode: number) => {
  if (!path.endsWith("dir")) writeFileSync(path, "x")
  else mkdirSync(path)
  chmodSync(path, mode)
  return path
}

describe("what others can change", () => {
  it.scoped("is closed to them where its mode opens it, and told; what they may read stays as it is", () =>
    Effect.gen(function* () {
      const at = yield* temporaryDirectory
      for (const [name, before, after] of [
        ["file", 0o664, 0o644],
        ["other", 0o606, 0o604],
        ["dir", 0o777, 0o755],
        ["shared dir", 0o2775, 0o2755]
      ] as const) {
        const path = withMode(join(at, name), before)
        expect(closeToOthers(path)).toMatchObject({ _tag: "WasOpen", detail: expect.stringContaining(path) as string })
        expect(mode(path)).toBe(after)
        expect(closeToOthers(path)).toEqual({ _tag: "Closed" })
      }
    })
  )

  it.scoped("is left alone where it is a sticky directory, or not there", () =>
    Effect.gen(function* () {
      const at = yield* temporaryDirectory
      const path = withMode(join(at, "sticky dir"), 0o1777)
      expect(closeToOthers(path)).toEqual({ _tag: "Closed" })
      expect(mode(path)).toBe(0o1777)
      expect(closeToOthers(join(at, "none"))).toEqual({ _tag: "Closed" })
    })
  )

  it.scoped("is refused where it is a link that should be none", () =>
    Effect.gen(function* () {
      const at = yield* temporaryDirectory
      const file = withMode(join(at, "file"), 0o600)
      symlinkSync(file, join(at, "link"))
      expect(closeUnlinked(join(at, "link"))).toMatchObject({ _tag: "Refused" })
      expect(closeToOthers(join(at, "link"))).toEqual({ _tag: "Closed" })
    })
  )
})

describe.skipIf(process.getuid?.() !== 0)("what belongs to somebody else (these tests have to be run as root)", () => {
  it.scoped("is refused, and is none of root's business", () =>
    Effect.gen(function* () {
      const at = yield* temporaryDirectory
      chmodSync(at, 0o755)
      const path = withMode(join(at, "dir"), 0o755)
      chownSync(path, 1234, 1234)
      expect(yield* asUser(path)).toMatchObject({ _tag: "Refused", detail: `${path} belongs to another user (1234)` })
      expect(closeToOthers(path)).toEqual({ _tag: "Closed" })
    })
  )
})

/** Judged as a user who is not root is: the real user id tells. */
const asUser = (path: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { getuid } = process
      Object.defineProperty(process, "getuid", { value: () => 65_534, configurable: true, writable: true })
      return getuid
    }),
    () => asNobody(Effect.sync(() => closeToOthers(path))),
    (getuid) =>
      Effect.sync(() => Object.defineProperty(process, "getuid", { value: getuid, configurable: true, writable: true }))
  )

describe("a private file", () => {
  it.scoped("that is a symbolic link is never followed, wherever it leads", () =>
    Effect.gen(function* () {
      const at = yield* temporaryDirectory
      symlinkSync(withMode(join(at, "file"), 0o600), join(at, "key"))
      const error = yield* Effect.flip(readPrivate(join(at, "key")))
      expect(error).toMatchObject({ reason: "Exposed", remedy: expect.stringContaining("symbolic link") as string })
    })
  )

  it.scoped("in a directory that others can write in is read, and the directory closed to them", () =>
    Effect.gen(function* () {
      const directory = withMode(join(yield* temporaryDirectory, "dir"), 0o777)
      yield* readPrivate(withMode(join(directory, "key"), 0o600))
      expect(mode(directory)).toBe(0o755)
    })
  )
})
