/**
 * What `hx completion-values` says: a value a line. They go into command lines, so what cannot be seen there is left out: control and invisible
 * characters, and what is too long to choose from a list. Quoting is left to the shells, which know where the value goes.
 */

import { Effect } from "effect"
import { type KnownValue, knownValues } from "../../../db/KnownValues.ts"
import { Paths } from "../../../platform/Paths.ts"
import { Output } from "../../Output.ts"
import { printable } from "../../Printable.ts"

export const run = ({ kind }: { readonly kind: KnownValue }) => Effect.provide(list(kind), Paths.layer)

const list = Effect.fnUntraced(function* (kind: KnownValue) {
  const { result } = yield* Output
  const { database } = yield* Paths
  const values = (yield* knownValues(database, kind)).filter(isChoosable)
  yield* result({ values }, () => values.join("\n"))
})

const isChoosable = (value: string): boolean =>
  value.trim() !== "" && value.length <= LONGEST && printable(value) === value

const LONGEST = 100
