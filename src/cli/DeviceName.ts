/** Names that a person may give to this device. */

import { Effect } from "effect"
import { MAX_LABEL } from "../format/Manifest.ts"
import { printable } from "./Printable.ts"
import { UsageError } from "./UsageError.ts"

/** The name without blanks around it; `option`: what it was given as. */
export const checkName = (name: string, option: string): Effect.Effect<string, UsageError> => {
  const trimmed = name.trim()
  return trimmed !== "" && trimmed.length <= MAX_LABEL && printable(trimmed) === trimmed
    ? Effect.succeed(trimmed)
    : Effect.fail(
        new UsageError({
          what: "That cannot be the name of a device",
          subject: `${option} ${JSON.stringify(name.slice(0, 80))}`,
          hint: `A name has 1 to ${MAX_LABEL} visible characters.`
        })
      )
}
