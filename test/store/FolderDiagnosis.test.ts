import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { chmodSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { asNobody } from "../platform/AsNobody.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"
import { type Check, runChecks } from "../../src/store/Checks.ts"
import { isMounted, makeFolderDiagnosis } from "../../src/store/FolderDiagnosis.ts"
import type { StoreError } from "../../src/store/StoreError.ts"
import { BOUNDS } from "../../src/sync/Check.ts"

const diagnose = (root: string, bound = false) =>
  Effect.gen(function* () {
    const { after, before } = makeFolderDiagnosis(root, {
      credentials: Option.none(),
      givenBy: "",
      listed: "manifests/",
      trial: "probe-test",
      bound
    })
    const put: Check<StoreError> = { id: "put", needs: [], run: Effect.succeed({ outcome: "ok", detail: "" }) }
    const findings = yield* runChecks<StoreError, never, never, never>(
      [...before, put, ...after],
      BOUNDS,
      () => Effect.void
    )
    return (id: string) => findings.find((finding) => finding.id === id)
  })

describe("a folder store's own checks", () => {
  it.scopedLive("tell the disk, and leave nothing but the lock", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const of = yield* diagnose(root)
      expect(of("disk")?.detail).toMatch(/, \d+ (MiB|GiB) free$/)
      for (const id of ["folder", "mount", "disk", "fsync", "lock"])
        expect(of(id)).toMatchObject({ id, outcome: expect.stringMatching(/ok|warning/) })
      expect(readdirSync(root)).toEqual([".~hx.lock"])
    })
  )

  it.scopedLive("a folder that is not there is made by init, but missed where it is in use", () =>
    Effect.gen(function* () {
      const root = join(yield* temporaryDirectory, "none")
      const before = yield* diagnose(root)
      expect(before("folder")).toMatchObject({ outcome: "warning", cure: expect.stringContaining("hx sync init") })
      expect(before("put")?.outcome).toBe("skipped")
      const bound = yield* diagnose(root, true)
      expect(bound("folder")).toMatchObject({ outcome: "failed", error: { reason: "NoSuchFolder" } })
    })
  )

  it.scopedLive("a disk that /etc/fstab has and that is not mounted is missed", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const meant = { mounted: ["/"], meant: ["/", root] }
      const missing = yield* Effect.either(isMounted(root, false, meant))
      expect(Either.getOrThrow(Either.flip(missing))).toMatchObject({ stops: true, error: { reason: "NoSuchFolder" } })
      expect(yield* isMounted(root, false, { mounted: ["/", root], meant: ["/", root] })).toMatchObject({
        outcome: "ok"
      })
      expect(yield* isMounted(root, true, { mounted: ["/"], meant: ["/", `${root}-other`] })).toMatchObject({
        outcome: "ok"
      })
    })
  )

  it.scopedLive("where nothing may be written, that is told of the folder", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      writeFileSync(join(root, "vault.json"), "{}")
      chmodSync(root, 0o555)
      const of = yield* asNobody(diagnose(root))
      for (const id of ["fsync", "lock"])
        expect(of(id)).toMatchObject({ outcome: "failed", error: { reason: "AccessDenied" } })
      expect(readdirSync(root)).toEqual(["vault.json"])
    })
  )
})
