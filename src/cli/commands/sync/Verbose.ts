import * as Options from "@effect/cli/Options"

export const verbose = Options.boolean("verbose").pipe(
  Options.withDescription("Also every request, with its bytes and milliseconds")
)
