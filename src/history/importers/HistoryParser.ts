/**
 * A history parser turns the bytes of one history file, given in pieces of any size, into what the file says.
 *
 * Parsers are pure and never fail: what cannot be read becomes a Problem, and the rest is read all the same. They hold no more than the
 * piece at hand and the entry that is still open, so a file may be of any size; a command may not (MAX_COMMAND).
 */

import type { ImportedEntry } from "./EntryFields.ts"

export interface HistoryParser {
  /** What is complete now that these bytes are known, in the order of the file. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<Parsed>
  /** The rest: call it once, when the file has ended. */
  readonly end: () => ReadonlyArray<Parsed>
}

export type Parsed = ShellCommand | ImportedEntry | Problem

/** What a shell's own history file knows about a command. Never blank, never with a NUL. */
export interface ShellCommand {
  readonly kind: "command"
  /** The number of the line it begins on, from 1. */
  readonly line: number
  /** RawText. */
  readonly command: string
  /** µs since 1970, null where the file does not say. */
  readonly start: number | null
  /** µs, null where the file does not say. */
  readonly duration: number | null
}

/** Something in the file that could not be read. */
export interface Problem {
  readonly kind: "problem"
  readonly line: number
  /** A sentence's end, as in "line 12: NUL bytes …". */
  readonly why: string
}

export const problem = (line: number, why: string): Problem => ({ kind: "problem", line, why })

/** The longest command that is read, in bytes. Longer ones were not typed; they become Problems. */
export const MAX_COMMAND = 4 * 1024 * 1024

/** The longest line, and the longest JSON value: a file's escapes may make eight bytes of one. */
export const MAX_LINE = 8 * MAX_COMMAND

export type ImportFormat = "zsh" | "bash" | "fish" | "json" | "jsonl"

export const IMPORT_FORMATS = ["zsh", "bash", "fish", "json", "jsonl"] as const satisfies ReadonlyArray<ImportFormat>
