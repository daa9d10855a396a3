/** Options and arguments that more than one command has. */

import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"

const WHEN = "WHEN"

export const after = Options.text("after").pipe(
  Options.withPseudoName(WHEN),
  Options.withDescription(
    'Only what began at this moment or later: 2023-03-01, "2023-03-01 14:30", yesterday, "2 weeks ago", 15m'
  ),
  Options.optional
)

export const before = Options.text("before").pipe(
  Options.withPseudoName(WHEN),
  Options.withDescription("Only what began earlier than this moment"),
  Options.optional
)

export const query = Args.text({ name: "QUERY" }).pipe(
  Args.withDescription("Text that the command holds; several words are one text"),
  Args.repeated
)

export const yes = Options.boolean("yes").pipe(Options.withDescription("Do not ask"))

export const dryRun = Options.boolean("dry-run").pipe(Options.withDescription("Only tell what would be done"))
