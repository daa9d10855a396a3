/** What bare `hx sync` does and says: pull, then push. */

import { Effect } from "effect"
import { failOnProblems, failOnRefused, runSync } from "../../../../sync/Sync.ts"
import { Output } from "../../../Output.ts"
import { layer } from "../../../SyncLayers.ts"
import { pullJson, pullLines, warnOfArchived } from "./Pull.ts"
import { pushJson, pushLines } from "./Push.ts"

export const run = () =>
  Effect.gen(function* () {
    const output = yield* Output
    const { pulled, pushed } = yield* runSync
    yield* output.result({ pulled: pullJson(pulled), pushed: pushJson(pushed) }, () =>
      [...pullLines(pulled), ...pushLines(pushed)].join("\n")
    )
    yield* warnOfArchived(pulled)
    yield* failOnRefused(pushed)
    yield* failOnProblems(pulled.problems)
  }).pipe(Effect.provide(layer))
