/** Runs a command line in this process, with these variables and none of the machine's: quicker than the built program where only words are asked for. */

import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import { Effect, Layer } from "effect"
import { run } from "../../src/cli/Cli.ts"
import { hx } from "../../src/cli/Commands.ts"
import { Stdio } from "../../src/platform/Stdio.ts"
import { environment } from "../../src/platform/Variables.ts"

export interface Told {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export const inProcess = (
  words: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>
): Effect.Effect<Told> =>
  Effect.suspend(() => {
    const written: { out: Array<string | Uint8Array>; error: Array<string> } = { out: [], error: [] }
    const platform = Layer.mergeAll(
      Stdio.layerCollecting(written),
      FileSystem.layerNoop({}),
      Path.layer,
      // Only wizards ask for it.
      Layer.succeed(Terminal.Terminal, {} as Terminal.Terminal)
    )
    return run(hx, "test", words).pipe(
      Effect.provide(platform),
      Effect.withConfigProvider(environment(variables)),
      Effect.map((code) => ({ code, stdout: written.out.join(""), stderr: written.error.join("") }))
    )
  })
