/** The command line of hx: which commands there are, how a line is run, and how its end is told. */

import * as Command from "@effect/cli/Command"
import * as CliConfig from "@effect/cli/CliConfig"
import type * as CliApp from "@effect/cli/CliApp"
import type * as ValidationError from "@effect/cli/ValidationError"
import { Cause, Effect, Either, Exit, Layer, Logger, LogLevel } from "effect"
import { Progress } from "../platform/Progress.ts"
import { Stdio } from "../platform/Stdio.ts"
import { DEFAULTS, type GlobalOptions, read, type Request } from "./CommandLine.ts"
import { type CommandNode, toCommand } from "./CommandTree.ts"
import type { Reportable } from "./ErrorReport.ts"
import type { ExitCode } from "./ExitCodes.ts"
import { Manual } from "./Manual.ts"
import { Output } from "./Output.ts"
import { printableLines } from "./Printable.ts"
import { withoutSecrets } from "./Secrets.ts"

/** What a command may fail with; the report has words for all of it. */
export type CommandError = Reportable | ValidationError.ValidationError

/** Runs one command line and tells how it ended: results on standard output, everything else on standard error. Never fails. */
export const run = <R>(root: CommandNode<CommandError, R>, version: string, argv: ReadonlyArray<string>) =>
  Effect.uninterruptibleMask((restore) => {
    const request = read(root, argv)
    const options = Either.isRight(request) && request.right._tag === "Run" ? request.right.options : DEFAULTS
    return Effect.exit(restore(Effect.flatMap(request, (known) => serve(version, known)))).pipe(
      Effect.flatMap((exit) => (Exit.isSuccess(exit) ? Effect.succeed<ExitCode>(0) : tell(exit.cause))),
      Effect.provide(Layer.merge(surroundings(options), Layer.succeed(Manual, { root, version })))
    )
  })

const serve = <R>(
  version: string,
  request: Request<CommandError, R>
): Effect.Effect<void, CommandError, R | CliApp.CliApp.Environment | Stdio> => {
  switch (request._tag) {
    case "Version":
      return Effect.flatMap(Stdio, (stdio) => stdio.write(`hx ${version}\n`))
    case "Help":
      return Effect.flatMap(Stdio, (stdio) =>
        Effect.flatMap(loadHelp, ({ helpOf }) =>
          stdio.write(helpOf(request.path, stdio.outputIsTerminal ? stdio.columns : undefined))
        )
      )
    case "Run":
      return withoutFrameworkErrors(
        Command.run(toCommand(request.tree), { name: "hx", version })(["", "", ...request.words.slice(1)])
      )
  }
}

/** What every command finds around it, as the options of every command ask for. */
const surroundings = (options: GlobalOptions) =>
  Layer.mergeAll(
    Output.layer({ json: options.json }),
    Layer.unwrapEffect(
      Effect.map(Stdio, (stdio) => (stdio.errorIsTerminal && !options.json ? progressBar : Progress.layerSilent))
    ),
    Layer.succeed(CliConfig.CliConfig, CliConfig.make({ isCaseSensitive: true })),
    Logger.replaceEffect(Logger.defaultLogger, standardErrorLogger),
    Logger.minimumLogLevel(LogLevel.fromLiteral(LITERALS[options.logLevel]))
  )

const progressBar = Layer.unwrapEffect(
  Effect.promise(() => import("./ProgressBar.ts")).pipe(Effect.map((module) => module.layerProgressBar))
)

const LITERALS = {
  all: "All",
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warning: "Warning",
  error: "Error",
  fatal: "Fatal",
  none: "None"
} as const

const standardErrorLogger = Effect.map(Stdio, (stdio) =>
  Logger.make(({ cause, logLevel, message }) => {
    const words = Array.isArray(message) ? message.map(String).join(" ") : String(message)
    const reason = Cause.isEmpty(cause) ? "" : `\n${Cause.pretty(cause, { renderErrorCause: true })}`
    const prefix = logLevel._tag === "Info" ? "" : `${logLevel.label.toLowerCase()}: `
    // What stores and other devices said may be in all of it.
    stdio.unsafeWriteError(`${printableLines(withoutSecrets(`${prefix}${words}${reason}`))}\n`)
  })
)

const tell = (cause: Cause.Cause<CommandError>): Effect.Effect<ExitCode, never, Stdio> =>
  Effect.gen(function* () {
    const stdio = yield* Stdio
    const { reportOf, reportText } = yield* loadReport
    const report = reportOf(cause)
    yield* Effect.logDebug("The command failed:", cause)
    stdio.unsafeWriteError(reportText(report))
    return report.code
  })

/** @effect/cli prints its errors before it fails with them; the report tells them instead. */
const withoutFrameworkErrors = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.consoleWith((console) => Effect.withConsole(effect, { ...console, error: () => Effect.void }))

const loadHelp = Effect.promise(() => import("./Help.ts"))
const loadReport = Effect.promise(() => import("./ErrorReport.ts"))
