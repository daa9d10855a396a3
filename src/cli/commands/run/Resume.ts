/** What `hx resume` does and says. With --json: { paused: false, changed: whether it was paused before }. */

import { Effect } from "effect"
import { resume } from "../../../capture/Pause.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Output } from "../../Output.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const changed = yield* resume
    yield* output.result({ paused: false, changed }, () =>
      changed ? "Recording goes on, in every open shell." : "It was not paused."
    )
  }).pipe(Effect.provide(Paths.layer))
