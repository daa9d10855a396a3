import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"
import { after, before, orElse, wholeNumber } from "../Options.ts"

const options = {
  period: Options.text("period").pipe(
    Options.withPseudoName("PERIOD"),
    Options.withDescription('Only what began then: today, yesterday, week, "last month", year, 2026, 2026-11, 30d'),
    Options.optional
  ),
  after,
  before,
  host: Options.text("host").pipe(
    Options.withPseudoName("HOST"),
    Options.withDescription("Only what ran on this host"),
    Options.optional
  ),
  cwd: Options.text("cwd").pipe(
    Options.withPseudoName("DIR"),
    Options.withDescription("Only what ran in this directory; . is this one"),
    Options.optional
  ),
  session: Options.text("session").pipe(
    Options.withPseudoName("SESSION"),
    Options.withDescription("Only what ran in this session"),
    Options.optional
  ),
  top: wholeNumber("top").pipe(Options.withDescription("Length of each list"), orElse(10))
}

export const stats = leaf(
  Command.make(
    "stats",
    options,
    lazily(() => import("./run/Stats.ts"))
  ),
  {
    summary: "Shows the history in numbers and pictures: commands, programs, days, hours, failures.",
    examples: ['stats --period "last month"', "stats --host laptop --top 20", "stats --json"]
  }
)
