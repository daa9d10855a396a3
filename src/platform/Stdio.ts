/**
 * Standard input, output and error of this process, and what is known of the terminal behind them.
 *
 * The only place that touches process.stdin, stdout and stderr. Standard input is opened by the first read and not before: a program that
 * merely looks at it can stop a background job.
 */

import { Context, Effect, Layer, Option } from "effect"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import * as Tty from "node:tty"
import { type UserFileError, userFileError } from "./UserFile.ts"

export interface StdioService {
  readonly inputIsTerminal: boolean
  readonly outputIsTerminal: boolean
  readonly errorIsTerminal: boolean
  /** Whether results may be coloured: a terminal that can, and no NO_COLOR. */
  readonly colour: boolean
  /** Width of the terminal behind standard output in cells; 80 where there is none. */
  readonly columns: number
  /** The bytes of standard input as they come; they come once. */
  readonly input: () => AsyncIterable<Uint8Array>
  /** Writes to standard output and waits until it is taken. A reader that went away (`hx find | head`) ends the process, quietly. */
  readonly write: (chunk: string | Uint8Array) => Effect.Effect<void, UserFileError>
  /** Writes to standard error at once; a plain function, as loggers are. */
  readonly unsafeWriteError: (text: string) => void
  /**
   * Asks the person at the terminal, on standard error, and waits for a line; none where standard input is no terminal or ends. What is typed
   * stays invisible where it is secret. Ctrl-C interrupts.
   */
  readonly ask: (question: string, options?: { readonly secret: boolean }) => Effect.Effect<Option.Option<string>>
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
      input: nothingToRead,
      write: (chunk) => Effect.sync(() => void written.out.push(chunk)),
      unsafeWriteError: (text) => void written.error.push(text),
      ask: () => Effect.succeed(Option.none()),
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
    input: standardInput,
    write: (chunk) =>
      Effect.async<void, UserFileError>((resume) => {
        process.stdout.write(chunk, (error) =>
          resume(
            error === undefined || error === null ? Effect.void : Effect.fail(userFileError("standard output", error))
          )
        )
      }),
    unsafeWriteError: (text) => void process.stderr.write(text),
    ask: (question, options) =>
      Tty.isatty(0) ? askTerminal(question, options?.secret ?? false) : Effect.succeed(Option.none())
  }
}

/** Node's own iterator, when told to stop, waits for the bytes it has asked for: they may never come. */
const standardInput = (): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => {
    const pieces = process.stdin[Symbol.asyncIterator]()
    const stop = async (): Promise<IteratorReturnResult<undefined>> => {
      process.stdin.destroy()
      return { done: true, value: undefined }
    }
    return { next: () => pieces.next(), return: stop }
  }
})

const askTerminal = (question: string, secret: boolean) =>
  Effect.async<Option.Option<string>>((resume) => {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    const lines = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true })
    // Only now, when the terminal has been told not to echo: whoever answers at once is not shown either.
    process.stderr.write(question)
    const end = (answer: Effect.Effect<Option.Option<string>>) => {
      lines.removeAllListeners("close")
      lines.close()
      if (secret) process.stderr.write("\n")
      resume(answer)
    }
    lines.once("line", (line) => end(Effect.succeed(Option.some(line))))
    lines.once("SIGINT", () => {
      if (!secret) process.stderr.write("\n")
      end(Effect.interrupt)
    })
    lines.once("close", () => end(Effect.succeed(Option.none())))
    return Effect.sync(() => lines.close())
  })

/** Nobody reads any more, so nothing is left to do and nothing went wrong. Anything else fails the write, and is reported there. */
const quietly = (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0)
}

async function* nothingToRead(): AsyncIterable<Uint8Array> {}
