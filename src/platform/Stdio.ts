/**
 * Standard input, output and error of this process, and what is known of the terminal behind them.
 *
 * The only place that touches process.stdin, stdout and stderr. Standard input is opened by the first read and not before: a program that
 * merely looks at it can stop a background job.
 */

import { Context, Effect, Layer } from "effect"
import * as Tty from "node:tty"

export interface StdioService {
  readonly inputIsTerminal: boolean
  readonly outputIsTerminal: boolean
  readonly errorIsTerminal: boolean
  /** Whether results may be coloured: a terminal that can, and no NO_COLOR. */
  readonly colour: boolean
  /** Width of the terminal behind standard output in cells; 80 where there is none. */
  readonly columns: number
  /** Writes to standard output and waits until it is taken. A reader that went away (`hx find | head`) ends the process, quietly. */
  readonly write: (chunk: string | Uint8Array) => Effect.Effect<void>
  /** Writes to standard error at once; a plain function, as loggers are. */
  readonly unsafeWriteError: (text: string) => void
}

export class Stdio extends Context.Tag("hx/Stdio")<Stdio, StdioService>() {
  static readonly layer = Layer.sync(Stdio, () => processStdio())

  /** For tests: collects what is written. */
  static readonly layerCollecting = (
    written: { out: Array<string | Uint8Array>; error: Array<string> },
    facts: Partial<StdioService> = {}
  ) =>
    Layer.succeed(Stdio, {
      inputIsTerminal: false,
      outputIsTerminal: false,
      errorIsTerminal: false,
      colour: false,
      columns: 80,
      write: (chunk) => Effect.sync(() => void written.out.push(chunk)),
      unsafeWriteError: (text) => void written.error.push(text),
      ...facts
    })
}

const processStdio = (): StdioService => {
  process.stdout.on("error", quietly)
  process.stderr.on("error", () => {})
  const outputIsTerminal = Tty.isatty(1)
  const plain = (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb"
  return {
    inputIsTerminal: Tty.isatty(0),
    outputIsTerminal,
    errorIsTerminal: Tty.isatty(2),
    colour: outputIsTerminal && !plain,
    columns: (outputIsTerminal && process.stdout.columns) || 80,
    write: (chunk) => Effect.async<void>((resume) => void process.stdout.write(chunk, () => resume(Effect.void))),
    unsafeWriteError: (text) => void process.stderr.write(text)
  }
}

/** Nobody reads any more, so nothing is left to do and nothing went wrong. Anything else is thrown where it can be reported. */
const quietly = (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
  throw error
}
