/** What `hx search` knows between two keys. */

import type { Ended } from "../../history/search/Runs.ts"
import type { Answer } from "../../history/search/SearchEngine.ts"
import type { Mode } from "./Keymap.ts"
import type { Line } from "./LineEditor.ts"

export const SCOPES = ["everywhere", "host", "session", "directory", "repository"] as const

export type Scope = (typeof SCOPES)[number]

export interface State {
  readonly line: Line
  readonly mode: Mode
  readonly scope: Scope
  readonly ended: Ended
  /** Scopes that mean something here: outside a repository there is none to look in. */
  readonly scopes: ReadonlyArray<Scope>
  readonly answer: Answer
  /** What is wrong with what was typed. */
  readonly problem: string | null
  /** Of the whole history: how many different commands there are, and whether all of it is loaded. */
  readonly commands: number
  readonly loaded: boolean
  readonly selected: number
  /** The first hit on the screen. */
  readonly top: number
  readonly preview: "short" | "tall"
  readonly help: boolean
  /** What is asked: forgetting is for good. */
  readonly asking: { readonly count: number } | null
  /** Something to tell until the next key. */
  readonly notice: string | null
}
