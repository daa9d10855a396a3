/** The program: assembles the layers, runs the command line, ends with its exit code. Nothing else does either. */

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Effect, Exit, Layer } from "effect"
import { run } from "./cli/Cli.ts"
import { hx } from "./cli/Commands.ts"
import { Stdio } from "./platform/Stdio.ts"

/** Written in by the build. */
declare const HX_VERSION: string

const platform = Layer.mergeAll(Stdio.layer, FileSystem.layerNoop({}), Path.layer, NodeTerminal.layer)

run(hx(), HX_VERSION, process.argv.slice(2)).pipe(
  Effect.provide(platform),
  NodeRuntime.runMain({
    disablePrettyLogger: true,
    disableErrorReporting: true,
    teardown: (exit, end) => end(Exit.isSuccess(exit) ? exit.value : 130)
  })
)
