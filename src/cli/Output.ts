/**
 * Results, on standard output: text for people, or with --json one object for programs.
 *
 * Every object carries `"version": 1` and changes only by adding; the shapes are listed in the README. Text that came from history or from a
 * store has to have gone through Printable before it comes here, but for objects (JsonText.ts); files and `--format null` are written raw, by `raw`.
 */

import { Context, Effect, Layer } from "effect"
import { Stdio } from "../platform/Stdio.ts"
import type { UserFileError } from "../platform/UserFile.ts"
import { jsonText } from "./JsonText.ts"

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | Shade

/** Of green, from little to much. */
export type Shade = "shade1" | "shade2" | "shade3" | "shade4"

export interface OutputService {
  /** Whether --json was given. */
  readonly json: boolean
  /** Whether standard output is a terminal. */
  readonly terminal: boolean
  /** Whether `styled` colours. */
  readonly colour: boolean
  /** Cells in a line. */
  readonly columns: number
  /** The result of a command: the object with --json, the text otherwise. */
  readonly result: (object: { readonly [key: string]: Json }, text: () => string) => Effect.Effect<void, UserFileError>
  /** Bytes as they are. */
  readonly raw: (bytes: Uint8Array) => Effect.Effect<void, UserFileError>
  /** The text in a style where colour is wanted, else as it is. */
  readonly styled: (style: Style, text: string) => string
}

export class Output extends Context.Tag("hx/Output")<Output, OutputService>() {
  static readonly layer = (options: { readonly json: boolean }) =>
    Layer.effect(
      Output,
      Effect.map(Stdio, (stdio) => ({
        json: options.json,
        terminal: stdio.outputIsTerminal,
        colour: stdio.colour,
        columns: stdio.columns,
        result: (object, text) =>
          stdio.write(options.json ? `${jsonText({ version: 1, ...object })}\n` : withNewline(text())),
        raw: stdio.write,
        styled: (style, text) => (stdio.colour ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text)
      }))
    )
}

const CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  shade1: "38;5;22",
  shade2: "38;5;28",
  shade3: "38;5;34",
  shade4: "38;5;40"
}

const withNewline = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`)
