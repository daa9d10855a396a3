/** What a key changes, and what it asks for that only the world outside can do. Pure. */

import type { Key } from "./Keys.ts"
import { type Action, isLineAction, type Keymap } from "./Keymap.ts"
import { edit, insert } from "./LineEditor.ts"
import { type Scope, SCOPES, type State } from "./State.ts"

export type Request =
  | "query" // something else is looked for
  | "filter" // among other runs
  | "accept"
  | "edit"
  | "cancel"
  | "copy"
  | "ask" // whether to forget
  | "forget"
  | "fit" // what is chosen into sight
  | "redraw"
  | "suspend"

export interface Updated {
  readonly state: State
  readonly request: Request | null
}

/** `height`: hits on the screen. */
export const update = (before: State, key: Key, keymap: Keymap, height: number): Updated => {
  const state: State = { ...before, notice: null }
  if (state.asking !== null) {
    const agreed = key.name === "character" && key.text.toLowerCase() === "y"
    return { state: { ...state, asking: agreed ? state.asking : null }, request: agreed ? "forget" : null }
  }
  if (key.name === "paste") return typed(state, key.text)
  const bindings = keymap[state.mode]
  if (key.name === "character") {
    if (state.mode === "insert") return typed(state, key.text)
    return perform(state, bindings.get(key.text) ?? "nothing", height)
  }
  return perform(state, bindings.get(key.name) ?? "nothing", height)
}

const typed = (state: State, text: string): Updated => ({
  state: { ...state, line: insert(state.line, text), help: false },
  request: "query"
})

const perform = (state: State, action: Action, height: number): Updated => {
  if (isLineAction(action)) {
    const line = edit(state.line, action)
    return { state: { ...state, line }, request: line.text === state.line.text ? null : "query" }
  }
  // A key more leaves the help first.
  if (state.help && action !== "nothing") return { state: { ...state, help: false }, request: null }
  switch (action) {
    case "up":
      return moved(state, state.selected - 1, height)
    case "down":
      return moved(state, state.selected + 1, height)
    case "page-up":
      return moved(state, state.selected - Math.max(1, height - 1), height)
    case "page-down":
      return moved(state, state.selected + Math.max(1, height - 1), height)
    case "first":
      return moved(state, 0, height)
    case "last":
      return moved(state, Infinity, height)
    case "scope":
      return scoped(state, next(state.scopes, state.scope))
    case "everywhere":
    case "host":
    case "session":
    case "directory":
    case "repository":
      return scoped(state, action)
    case "ended":
      return filtered({ ...state, ended: next(["any", "failed", "succeeded"] as const, state.ended) })
    case "preview":
      return { state: { ...state, preview: state.preview === "short" ? "tall" : "short" }, request: "fit" }
    case "help":
      return { state: { ...state, help: true }, request: null }
    case "forget":
      return { state, request: "ask" }
    case "copy":
    case "accept":
    case "edit":
    case "cancel":
    case "redraw":
    case "suspend":
      return { state, request: action }
    default:
      return entered(state, action)
  }
}

/** Keys of vi that change the mode, some with something else beside. */
const entered = (state: State, action: Action): Updated => {
  const as = (line: State["line"], mode: State["mode"] = "insert"): Updated => ({
    state: { ...state, line, mode },
    request: line.text === state.line.text ? null : "query"
  })
  switch (action) {
    case "normal-mode":
      return as(edit(state.line, "left"), "normal")
    case "insert-mode":
      return as(state.line)
    case "append":
      return as(edit(state.line, "right"))
    case "append-at-end":
      return as(edit(state.line, "end"))
    case "insert-at-home":
      return as(edit(state.line, "home"))
    case "change-to-end":
      return as(edit(state.line, "cut-right"))
    default:
      return { state, request: null }
  }
}

const moved = (state: State, to: number, height: number): Updated => {
  const selected = Math.max(0, Math.min(to, state.answer.hits.length - 1))
  return { state: inSight({ ...state, selected }, height), request: null }
}

/** Scrolls as little as it takes to see what is chosen. */
export const inSight = (state: State, height: number): State => {
  const { selected } = state
  const top = Math.max(selected - height + 1, Math.min(state.top, selected))
  return top === state.top ? state : { ...state, top: Math.max(0, top) }
}

const scoped = (state: State, scope: Scope): Updated => {
  if (state.scopes.includes(scope)) return filtered({ ...state, scope })
  return { state: { ...state, notice: WHY_NOT[scope] }, request: null }
}

const filtered = (state: State): Updated => ({ state: { ...state, selected: 0, top: 0 }, request: "filter" })

const WHY_NOT: Readonly<Record<Scope, string>> = {
  everywhere: "",
  host: "",
  session: "There is no session here: the shell hook of hx gives each shell one.",
  directory: "",
  repository: "This directory is in no repository."
}

const next = <A>(all: ReadonlyArray<A>, one: A): A => all[(all.indexOf(one) + 1) % all.length]!

export const startState = (line: State["line"], scope: Scope, available: ReadonlySet<Scope>): State => ({
  line,
  mode: "insert",
  scope: available.has(scope) ? scope : "everywhere",
  ended: "any",
  scopes: SCOPES.filter((each) => available.has(each)),
  answer: { hits: [], total: 0, complete: false },
  problem: null,
  commands: 0,
  loaded: false,
  selected: 0,
  top: 0,
  preview: "short",
  help: false,
  asking: null,
  notice: null
})
