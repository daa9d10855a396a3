/** What `hx pause` does and says. With --json: { paused: true, changed: whether it was not paused before }. */

import { Effect } from "effect"
import { pause } from "../../../capture/Pause.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Output } from "../../Output.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const changed = yield* pause
    yield* output.result({ paused: true, changed }, () =>
      changed ? "Paused: no shell records anything until hx resume." : "It was paused already. hx resume goes on."
    )
  }).pipe(Effect.provide(Paths.layer))
