/** The table of settings of `hx search`. */

import { Option } from "effect"
import { choiceSetting, type Setting, textSetting } from "./Setting.ts"

export type SearchHeight = "full" | { readonly lines: number } | { readonly percent: number }

export const Height: Setting<SearchHeight> = {
  variable: "HX_SEARCH_HEIGHT",
  key: "search.height",
  form: "a number of lines from 5 to 500, a part of the terminal such as 40%, or full",
  parse: (text) => {
    const word = text.trim()
    if (word === "full") return Option.some("full")
    const [, digits, percent] = /^(\d{1,3})(%?)$/.exec(word) ?? []
    if (digits === undefined) return Option.none()
    const number = Number(digits)
    if (percent === "%") return number >= 10 && number <= 100 ? Option.some({ percent: number }) : Option.none()
    return number >= 5 && number <= 500 ? Option.some({ lines: number }) : Option.none()
  },
  fallback: { lines: 20 },
  show: (height) => (height === "full" ? "full" : "lines" in height ? String(height.lines) : `${height.percent}%`),
  secret: false
}

/** Where is looked first. */
export const Scope = choiceSetting({ variable: "HX_SEARCH_SCOPE", key: "search.scope" }, [
  "everywhere",
  "host",
  "session",
  "directory",
  "repository"
])

/** What Enter does. */
export const Enter = choiceSetting({ variable: "HX_SEARCH_ENTER", key: "search.enter" }, ["insert", "run"])

export const Keymap = choiceSetting({ variable: "HX_SEARCH_KEYMAP", key: "search.keymap" }, ["emacs", "vi"])

/** What Keymap.ts (cli) reads. */
export const Keys = textSetting(
  { variable: "HX_SEARCH_KEYS", key: "search.keys" },
  "actions and their keys, such as copy=ctrl-y, forget=alt-x"
)

export const SEARCH: ReadonlyArray<Setting<unknown>> = [Height, Scope, Enter, Keymap, Keys]
