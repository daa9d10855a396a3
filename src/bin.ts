/** The program: assembles the layers, runs the command line, ends with its exit code. Nothing else does either. */

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import { Context, Effect, Exit, Layer } from "effect"
import { run } from "./cli/Cli.ts"
import { hx } from "./cli/Commands.ts"
import { Stdio } from "./platform/Stdio.ts"

/** Written in by the build. */
declare const HX_VERSION: string

/** Only @effect/cli's wizard asks for it. The real one opens standard input when it is made, which must not happen unasked. */
const lazyTerminal = Layer.scoped(
  Terminal.Terminal,
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const load = Effect.promise(() => import("@effect/platform-node/NodeTerminal"))
    const context = yield* Effect.cached(Effect.flatMap(load, ({ layer }) => Layer.buildWithScope(layer, scope)))
    const use = <A, E, R>(f: (terminal: Terminal.Terminal) => Effect.Effect<A, E, R>) =>
      Effect.flatMap(context, (built) => f(Context.get(built, Terminal.Terminal)))
    return Terminal.Terminal.of({
      columns: use((terminal) => terminal.columns),
      rows: use((terminal) => terminal.rows),
      isTTY: use((terminal) => terminal.isTTY),
      readInput: use((terminal) => terminal.readInput),
      readLine: use((terminal) => terminal.readLine),
      display: (text) => use((terminal) => terminal.display(text))
    })
  })
)

const platform = Layer.mergeAll(Stdio.layer, FileSystem.layerNoop({}), Path.layer, lazyTerminal)

// A terminal that is closed ends hx as Ctrl-C does, and not in the middle of something; runMain listens for the other signals only.
process.once("SIGHUP", () => process.emit("SIGTERM"))

run(hx, HX_VERSION, process.argv.slice(2)).pipe(
  Effect.provide(platform),
  NodeRuntime.runMain({
    disablePrettyLogger: true,
    disableErrorReporting: true,
    // What is no exit code is an interruption, or a bug in telling what went wrong.
    teardown: (exit, end) => end(Exit.isSuccess(exit) ? Number(exit.value) : Exit.isInterrupted(exit) ? 130 : 1)
  })
)
