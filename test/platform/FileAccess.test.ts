import { it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { hindering } from "../../src/platform/FileAccess.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

it.scoped("a directory that cannot be made is hindered by the nearest one above it that is there", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const closed = join(directory, "closed")
    mkdirSync(closed)
    const wanted = join(closed, "a", "b")
    expect(yield* hindering(wanted)).toEqual(Option.none())
    chmodSync(closed, 0o500)
    // Nothing hinders the superuser.
    const told = process.getuid?.() === 0 ? Option.none() : Option.some(closed)
    expect(yield* hindering(wanted)).toEqual(told)
    chmodSync(closed, 0o700)
    const file = join(directory, "file")
    writeFileSync(file, "")
    expect(yield* hindering(join(file, "hx"))).toEqual(Option.some(file))
  })
)
