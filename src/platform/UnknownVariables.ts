/**
 * Variables that look like settings of hx and are none. What is misspelt in config.yaml is an error; a variable may be meant for another version of hx on
 * the same machine, so this is a warning.
 */

import { Effect } from "effect"
import { nearest } from "./Nearest.ts"
import { ALL, DIRECTORY_VARIABLES } from "./SyncSettings.ts"
import { variableNames } from "./Variables.ts"

export interface UnknownVariable {
  readonly variable: string
  /** What was probably meant. */
  readonly nearest: string | undefined
  /** Without the value, which nobody may have been meant to see. */
  readonly message: string
}

export const unknownVariables: Effect.Effect<ReadonlyArray<UnknownVariable>> = Effect.map(variableNames, (names) =>
  unknownAmong(names)
)

export const unknownAmong = (names: ReadonlyArray<string>): ReadonlyArray<UnknownVariable> =>
  names
    .filter((name) => /^HX/i.test(name) && !KNOWN.includes(name))
    .map((variable) => ({ variable, near: nearest(variable, KNOWN) }))
    // Other parts of hx, and other programs, have variables of their own.
    .filter(({ near, variable }) => near !== undefined || /^HX_?SYNC/i.test(variable))
    .map(({ near, variable }) => ({
      variable,
      nearest: near,
      message: `${variable} is no setting of hx and changes nothing${near === undefined ? "" : `; did you mean ${near}?`}`
    }))

const KNOWN: ReadonlyArray<string> = [...ALL.map((setting) => setting.variable), ...DIRECTORY_VARIABLES]
