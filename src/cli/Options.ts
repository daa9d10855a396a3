/** Options and arguments that more than one command has. */

import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import { Effect } from "effect"
import { WHOLE_NUMBER } from "./CommandTree.ts"

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
  Args.withDescription("Words that the command holds, in any order; '\"two words\"' in double quotes are a phrase"),
  Args.repeated
)

export const yes = Options.boolean("yes").pipe(Options.withDescription("Do not ask"))

export const dryRun = Options.boolean("dry-run").pipe(Options.withDescription("Only tell what would be done"))

/** An option that takes a whole number, and says its own name where it is given something else. */
export const wholeNumber = (name: string): Options.Options<number> =>
  Options.text(name).pipe(
    Options.withPseudoName(WHOLE_NUMBER.value),
    Options.mapEffect((text) =>
      WHOLE_NUMBER.pattern.test(text)
        ? Effect.succeed(Number(text))
        : Effect.fail(ValidationError.invalidValue(HelpDoc.p(`--${name} ${text}: not a whole number`)))
    )
  )

/** An option that has this value where it is not given, and says so in the help: @effect/cli would not. */
export const orElse =
  <const B extends string | number>(fallback: B) =>
  <A>(option: Options.Options<A>): Options.Options<A | B> =>
    option.pipe(Options.withDescription(`(default ${fallback})`), Options.withDefault(fallback))
