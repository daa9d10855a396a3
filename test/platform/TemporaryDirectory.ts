import { Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A directory of one test's own, which goes when its scope closes. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "hx-test-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)
