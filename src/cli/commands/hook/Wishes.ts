import * as Options from "@effect/cli/Options"

/** What a hook may be like. */
export const wishes = {
  noCtrlR: Options.boolean("no-ctrl-r").pipe(Options.withDescription("Leave Ctrl-R to the shell")),
  up: Options.boolean("up").pipe(Options.withDescription("Search with the up arrow, too"))
}
