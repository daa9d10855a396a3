/** Recording stops while a file is there, which shells look for before each command: at once, in all of them, until it is gone. */

import { Effect } from "effect"
import { statSync } from "node:fs"
import { join } from "node:path"
import { Paths } from "../platform/Paths.ts"
import { removePrivate, writePrivate } from "../platform/PrivateFile.ts"

const markOf = Effect.map(Paths, ({ data }) => join(data, "paused"))

/** Since when, in ms; null: it is not paused. */
export const pausedSince = Effect.map(markOf, (mark) => statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? null)

/** Whether it was not paused before. */
export const pause = Effect.gen(function* () {
  if ((yield* pausedSince) !== null) return false
  yield* writePrivate(yield* markOf, "")
  return true
}).pipe(Effect.withSpan("Pause.pause"))

/** Whether it was. */
export const resume = Effect.gen(function* () {
  const was = (yield* pausedSince) !== null
  if (was) yield* removePrivate(yield* markOf)
  return was
}).pipe(Effect.withSpan("Pause.resume"))
