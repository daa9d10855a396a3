import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { lazily, leaf } from "../CommandTree.ts"

const options = {
  query: Args.text({ name: "QUERY" }).pipe(
    Args.withDescription("What is looked for at first; it can be changed there"),
    Args.repeated
  ),
  scope: Options.choice("scope", ["everywhere", "host", "session", "directory", "repository"]).pipe(
    Options.withDescription("Where is looked at first (HX_SEARCH_SCOPE)"),
    Options.optional
  ),
  height: Options.text("height").pipe(
    Options.withPseudoName("LINES"),
    Options.withDescription("Lines to draw on, a part of the terminal such as 40%, or full (HX_SEARCH_HEIGHT)"),
    Options.optional
  ),
  enter: Options.choice("enter", ["insert", "run"]).pipe(
    Options.withDescription("What Enter asks of the shell that called with --hook (HX_SEARCH_ENTER)"),
    Options.optional
  ),
  keymap: Options.choice("keymap", ["emacs", "vi"]).pipe(
    Options.withDescription("Whose keys (HX_SEARCH_KEYMAP)"),
    Options.optional
  ),
  up: Options.boolean("up").pipe(
    Options.withDescription("As the up arrow: what begins with the query, the newest first, of this session")
  ),
  hook: Options.boolean("hook").pipe(
    Options.withDescription(
      "For shells: the query is HX_QUERY, and the command comes after a line that says insert or run"
    )
  )
}

export const search = leaf(
  Command.make(
    "search",
    options,
    lazily(() => import("./run/Search.ts"))
  ),
  {
    summary: "Searches while you type, and gives the command you choose.",
    examples: ["search", "search docker --scope directory", "search --height full --keymap vi"],
    reads: ["search"]
  }
)
