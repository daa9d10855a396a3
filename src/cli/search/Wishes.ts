/** What the person wants of the search: options over variables over config.yaml over defaults. */

import { Effect, Option } from "effect"
import { Settings } from "../../platform/Settings.ts"
import * as SearchSettings from "../../platform/SearchSettings.ts"
import { variable } from "../../platform/Variables.ts"
import { UsageError } from "../UsageError.ts"
import { type Keymap, keymapOf, parseBindings } from "./Keymap.ts"
import type { Scope } from "./State.ts"
import { ASCII, type Glyphs, UNICODE } from "./View.ts"

export interface SearchGiven {
  readonly query: ReadonlyArray<string>
  readonly scope: Option.Option<Scope>
  readonly height: Option.Option<string>
  readonly enter: Option.Option<"insert" | "run">
  readonly keymap: Option.Option<"emacs" | "vi">
  readonly up: boolean
  readonly hook: boolean
}

export interface SearchWishes {
  readonly query: string
  readonly scope: Scope
  readonly height: SearchSettings.SearchHeight
  readonly run: boolean
  readonly keymap: Keymap
  readonly up: boolean
  /** This shell's session, where a hook gave it one. */
  readonly session: Option.Option<string>
  readonly glyphs: Glyphs
  readonly colour: boolean
}

export const wishesOf = Effect.fn("SearchWishes.of")(function* (given: SearchGiven) {
  const settings = yield* Settings
  const height = yield* settings.get(SearchSettings.Height, given.height)
  const enter = yield* settings.get(SearchSettings.Enter, given.enter)
  const style = yield* settings.get(SearchSettings.Keymap, given.keymap)
  const session = yield* variable("HX_SESSION")
  const first = given.up && Option.isSome(session) ? "session" : given.up ? "directory" : undefined
  const scope = yield* settings.get(SearchSettings.Scope, given.scope)
  const asked = Option.getOrElse(yield* variable("HX_QUERY"), () => "")
  return {
    query: given.query.length > 0 || !given.hook ? given.query.join(" ") : asked,
    scope: Option.isSome(given.scope) ? scope : (first ?? scope),
    // The up arrow stays below the prompt, whatever the search does.
    height: given.up && height === "full" ? SearchSettings.Height.fallback : height,
    run: enter === "run",
    keymap: keymapOf(style, yield* ownBindings),
    up: given.up,
    session,
    glyphs: (yield* isUtf8) ? UNICODE : ASCII,
    colour: Option.isNone(yield* variable("NO_COLOR"))
  } satisfies SearchWishes as SearchWishes
})

/** Lines to draw on, of a terminal with so many; inline one at least stays for the prompt. */
export const linesOf = (height: SearchSettings.SearchHeight, rows: number, below: boolean): number => {
  if (height === "full") return rows
  const wanted = "lines" in height ? height.lines : Math.round((rows * height.percent) / 100)
  return Math.max(1, Math.min(Math.max(LEAST_LINES, wanted), below ? rows - 1 : rows))
}

const LEAST_LINES = 5

const ownBindings = Effect.gen(function* () {
  const settings = yield* Settings
  const { source, value } = yield* settings.resolve(SearchSettings.Keys)
  const bindings = parseBindings(Option.getOrElse(value, () => ""))
  if (typeof bindings !== "string") return bindings
  const subject = `${source === "file" ? SearchSettings.Keys.key : SearchSettings.Keys.variable}: ${bindings}`
  return yield* new UsageError({
    what: "A setting has a value that it cannot have",
    subject,
    hint: `It should be ${SearchSettings.Keys.form}.`
  })
})

/** The first of these that is set decides, in every program. */
const isUtf8 = Effect.map(Effect.all([variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")]), (locales) =>
  Option.match(Option.firstSomeOf(locales), { onNone: () => false, onSome: (name) => /utf-?8/i.test(name) })
)
