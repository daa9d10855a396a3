/**
 * The terminal itself, /dev/tty, for programs that draw on it while their standard output goes somewhere else. Raw: every key is a few bytes, and nothing
 * is shown that is not written. Whatever ends the process, the terminal is put back as it was.
 */

import { Data, Effect, type Scope } from "effect"
import { openSync } from "node:fs"
import * as Tty from "node:tty"
import { errno } from "./Errno.ts"

export class TerminalError extends Data.TaggedError("TerminalError")<{ readonly reason: string }> {}

export interface TerminalDevice {
  /** In cells. */
  readonly size: () => { readonly columns: number; readonly rows: number }
  readonly write: (text: string) => void
  readonly onInput: (listener: (bytes: Uint8Array) => void) => void
  readonly onResize: (listener: () => void) => void
  /** The terminal went away, or was closed. */
  readonly onEnd: (listener: () => void) => void
  /** What to write before the terminal is given back; it is written even where the process ends in the middle of something. */
  readonly restoreWith: (text: () => string) => void
  /** Gives the terminal back and stops this process, as Ctrl-Z does elsewhere; `resumed` is called when it goes on, raw again. */
  readonly suspend: (resumed: () => void) => void
}

/** Fails where this process has no terminal. */
export const openTerminal: Effect.Effect<TerminalDevice, TerminalError, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.try({ try: open, catch: (cause) => new TerminalError({ reason: errno(cause) ?? String(cause) }) }),
    ({ close }) => Effect.sync(close)
  ),
  ({ device }) => device
)

function open() {
  // One each: Node.js makes what it reads from non-blocking, and what is written has to be out when it says so.
  const input = new Tty.ReadStream(openSync("/dev/tty", "r"))
  const output = new Tty.WriteStream(openSync("/dev/tty", "w"))
  let restore = (): string => ""
  let closed = false
  let resized = (): void => {}
  const giveBack = () => {
    output.write(restore())
    input.setRawMode(false)
  }
  const atExit = () => {
    if (!closed) giveBack()
  }
  const take = () => input.setRawMode(true)
  process.on("exit", atExit)
  // A terminal that is gone tells so by failing writes; the end of its input is what ends us.
  output.on("error", () => {})
  take()
  const device: TerminalDevice = {
    size: sizeNow,
    write: (text) => void output.write(text),
    onInput: (listener) => void input.on("data", listener),
    onResize: (listener) => {
      resized = listener
      process.on("SIGWINCH", listener)
    },
    onEnd: (listener) => void input.on("end", listener).on("error", listener),
    restoreWith: (text) => {
      restore = text
    },
    suspend: (resumed) => {
      giveBack()
      process.once("SIGCONT", () => {
        take()
        resumed()
      })
      process.kill(process.pid, "SIGSTOP")
    }
  }
  const close = () => {
    closed = true
    process.off("exit", atExit)
    process.off("SIGWINCH", resized)
    giveBack()
    input.destroy()
    output.destroy()
  }
  return { device, close }
}

/** A stream knows the size that the terminal had when it was made; only the process's own standard output follows it. */
const sizeNow = (): { readonly columns: number; readonly rows: number } => {
  const stream = new Tty.WriteStream(openSync("/dev/tty", "w"))
  const { columns, rows } = stream
  stream.destroy()
  return { columns: columns || 80, rows: rows || 24 }
}
